import { didYouMean } from '@causeway/policy';
import {
  CausewayError,
  type DeleteReply,
  type DeleteRequest,
  documentKeys,
  majorOf,
} from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import type { AnyDocument, DocumentStore } from '../../documents/store.ts';
import type { Revoker } from '../../identities/revoker.ts';
import { type Administrator, operation, requireScope } from '../admin-desk.ts';
import { tenantOrOnly } from './tenant-of.ts';

/** delete: takes a policy, an API or a service away. */
export function deleteOperation(options: { store: DocumentStore; compiler: Compiler; revoker: Revoker }) {
  const { store, compiler, revoker } = options;

  function tenantOf(request: DeleteRequest, by: Administrator): string {
    const tenant = tenantOrOnly(request.tenant, by, store);
    if (tenant === undefined) {
      const tenants = store.accounts.map((account) => account.name).join(', ');
      throw new CausewayError('INVALID_REQUEST', `there are several tenants: name one of ${tenants}`, {
        pointer: '/tenant',
      });
    }
    requireScope(by, tenant);
    return tenant;
  }

  function missing(what: string, name: string, others: readonly string[]): CausewayError {
    // An API's name without its major is the likeliest slip.
    const whole = others.find((other) => other.startsWith(`${name}.v`));
    const near = didYouMean(whole ?? name, others);
    const known = others.length === 0 ? '; there is none' : near;
    return new CausewayError('INVALID_REQUEST', `there is no ${what} ${name}${known}`, { pointer: '/name' });
  }

  async function deletePolicy(tenant: string, name: string): Promise<string[]> {
    const key = documentKeys.policy(tenant, name);
    if (store.get(key)?.kind !== 'policy') {
      const policies = store.all.policies.filter((each) => each.tenant === tenant);
      throw missing(
        'policy',
        name,
        policies.map((each) => each.name),
      );
    }
    await store.put([], [key]);
    return [];
  }

  /** Whoever hosts it hosts it no more: in the same change, so that no site serves what is not there. */
  async function deleteApi(tenant: string, name: string): Promise<string[]> {
    const apis = store.all.apis.filter((each) => each.tenant === tenant);
    const nameOf = (api: (typeof apis)[number]) => `${api.service}.v${majorOf(api.version)}`;
    const api = apis.find((each) => nameOf(each) === name);
    if (!api) throw missing('API', name, apis.map(nameOf));
    const major = majorOf(api.version);
    const hosting = store.all.services.filter(
      (each) => each.tenant === tenant && each.name === api.service && each.hosts?.includes(major),
    );
    const without = hosting.map(
      (each): AnyDocument => ({ ...each, hosts: (each.hosts ?? []).filter((hosted) => hosted !== major) }),
    );
    await store.put(without, [documentKeys.api(tenant, api.service, major)]);
    return hosting.map(({ site }) => site).sort();
  }

  async function deleteService(tenant: string, { site = '', name, force }: DeleteRequest): Promise<number> {
    const key = documentKeys.service(tenant, site, name);
    const standing = store.get(key);
    const whole = `${tenant}/${site}/${name}`;
    if (standing?.kind !== 'service') {
      const services = store.all.services.filter((each) => each.tenant === tenant);
      throw missing(
        'service',
        whole,
        services.map((each) => `${each.tenant}/${each.site}/${each.name}`),
      );
    }
    const keys = standing.keys.length;
    if (keys > 0 && !force) {
      throw new CausewayError(
        'INVALID_REQUEST',
        `${whole} has credentials that are valid: revoke it first (causeway revoke ${whole}), or use --force`,
        { pointer: '/name' },
      );
    }
    if (keys > 0) await revoker.service({ tenant, site, service: name });
    const now = store.get(key);
    if (now?.kind === 'service' && now.keys.length > 0) {
      throw new CausewayError('CONFLICT', `${whole} was given new credentials in between; try again`);
    }
    await store.put([], [key]);
    return keys;
  }

  return operation({
    request: 'DeleteRequest',
    async run(request, by): Promise<DeleteReply> {
      const { kind, name } = request;
      const tenant = tenantOf(request, by);
      const since = store.revision + 1;
      let sites: string[] = [];
      let keys = 0;
      if (kind === 'policy') sites = await deletePolicy(tenant, name);
      else if (kind === 'api') sites = await deleteApi(tenant, name);
      else {
        keys = await deleteService(tenant, request);
        sites = request.site === undefined ? [] : [request.site];
      }
      await compiler.run();
      return { revision: store.revision, since, kind, tenant, name, sites, keys };
    },
  });
}
