import { documentKeys, majorOf } from '@causeway/protocol';
import { type AnyDocument, type DocumentSet, type DocumentStore, keyOf } from '../../documents/store.ts';
import { setOf } from './sets.ts';

/** A document as `get` shows it: what somebody wrote, what the registry knows beside, and the revision. */
export type Item = Record<string, unknown> & { name: string };

type Store = Pick<DocumentStore, 'all' | 'get' | 'revisionOf' | 'sets'>;
type Shown = Extract<AnyDocument, { kind: 'api' | 'policy' | 'service' | 'site' }>;

/**
 * Fields that `get` adds to what somebody wrote: beside a `revision`, `apply` reads over them. Of services and sites they
 * must be what they are.
 */
export const addedFields = { api: ['name', 'major', 'sites', 'set'], policy: ['set'] } as const;

/** Sites where an API is hosted, in order. */
export function hostingSites(
  { all }: Pick<Store, 'all'>,
  tenant: string,
  service: string,
  major: number,
): string[] {
  return all.services
    .filter((each) => each.tenant === tenant && each.name === service && each.hosts?.includes(major))
    .map(({ site }) => site)
    .sort();
}

const inSet = (set: DocumentSet | undefined) => (set === undefined ? {} : { set: set.name });

/** A document as an administrator of this scope sees it. */
export function itemOf(store: Store, document: Shown, scope: string): Item {
  const revision = store.revisionOf(keyOf(document));
  switch (document.kind) {
    case 'api': {
      const { tenant, service } = document;
      const major = majorOf(document.version);
      const key = documentKeys.api(tenant, service, major);
      const sites = hostingSites(store, tenant, service, major);
      return {
        ...document,
        name: `${service}.v${major}`,
        major,
        sites,
        ...inSet(setOf(store, tenant, key)),
        revision,
      };
    }
    case 'policy':
      return { ...document, ...inSet(setOf(store, document.tenant, keyOf(document))), revision };
    case 'service': {
      const { retiring, signers: _, ...service } = document;
      return {
        ...service,
        keys: document.keys.length,
        ...(retiring === undefined ? {} : { retiring: Object.keys(retiring).length }),
        revision,
      };
    }
    case 'site': {
      const tenants = Object.keys(document.tenants);
      return {
        ...{ kind: 'site', name: document.name, tenants: scope === 'any' ? tenants : [scope] },
        gateways: Object.keys(document.gateways),
        // Its keys and signatures are nobody's to read, nor is where it stands; that they are known tells what can be signed anew.
        ...(document.own && scope === 'any' ? { ownAccounts: document.own.length } : {}),
        ...(document.rekey ? { rotating: Object.keys(document.rekey) } : {}),
        ...(document.revoked ? { revoked: true } : {}),
        revision,
      };
    }
  }
}
