import { controlRoles } from './control.ts';
import { opsRoles } from './ops.ts';
import type { RoleTemplate } from './role-template.ts';
import { siteRoles } from './site.ts';
import { systemRoles } from './system.ts';
import { tenantRoles } from './tenant.ts';

/** Every role there is, by the kind of its account. Tests of permissions are made from this table. */
export const roles = {
  tenant: tenantRoles,
  control: controlRoles,
  ops: opsRoles,
  site: siteRoles,
  system: systemRoles,
} as const;

/** A kind of account. */
export type AccountKind = keyof typeof roles;

/** The roles in accounts of one kind. */
export type RoleOf<K extends AccountKind> = keyof (typeof roles)[K] & string;

/** What a user's tags say of it. */
export interface UserTags {
  /** The one site whose name it may speak under. */
  readonly site?: string;
  /** Services that its site may host, for `any` calls. */
  readonly hosts?: readonly string[];
  /** The one tenant that it administers or reads. */
  readonly tenant?: string;
}

/** A role's template, by names that may come from outside; undefined where there is no such role. */
export function roleTemplate(kind: AccountKind, role: string): RoleTemplate | undefined {
  const table: Readonly<Record<string, RoleTemplate>> = roles[kind];
  return Object.hasOwn(table, role) ? table[role] : undefined;
}

/** The permissions of one holder, as nats-server expands them: an entry whose tag is missing is dropped. */
export function expandRole(
  template: RoleTemplate,
  name: string,
  tags: UserTags,
): { readonly publish: readonly string[]; readonly subscribe: readonly string[] } {
  const values: Readonly<Record<string, readonly string[]>> = {
    'name()': [name],
    'tag(site)': tags.site === undefined ? [] : [tags.site],
    'tag(tenant)': tags.tenant === undefined ? [] : [tags.tenant],
    'tag(hosts)': tags.hosts ?? [],
  };

  function expand(entry: string): string[] {
    const match = /\{\{([^}]+)\}\}/.exec(entry);
    if (!match) return [entry];
    const [placeholder, operation = ''] = match;
    const filled = values[operation];
    if (!filled) throw new RangeError(`unknown template operation ${placeholder} in "${entry}"`);
    return filled.flatMap((value) => expand(entry.replaceAll(placeholder, value)));
  }

  return { publish: template.publish.flatMap(expand), subscribe: template.subscribe.flatMap(expand) };
}

/** Limits and permissions of a role in the shape that claims have them. */
export function claimsOfRole(template: RoleTemplate): Record<string, unknown> {
  // Written out, not made by the JWT library's `newScopedSigner`: that one adds `resp` with zeros, which
  // nats-server reads as "may answer any message it gets, once, within two minutes".
  return {
    pub: { allow: [...template.publish] },
    sub: { allow: [...template.subscribe] },
    subs: template.subscriptions,
    data: -1,
    payload: -1,
    allowed_connection_types: [...template.connectionTypes],
    ...(template.bearer ? { bearer_token: true } : {}),
  };
}
