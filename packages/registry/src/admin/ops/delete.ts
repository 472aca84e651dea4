import { didYouMean } from '@causeway/policy';
import {
  CausewayError,
  type Clock,
  type DeleteReply,
  type DeleteRequest,
  documentKeys,
  majorOf,
} from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import type { DocumentStore } from '../../documents/store.ts';
import type { Revoker } from '../../identities/revoker.ts';
import { type Administrator, operation, requireScope } from '../admin-desk.ts';
import type { CallHistory } from '../documents/call-history.ts';
import { hostingSites } from '../documents/items.ts';
import { withoutApi } from '../documents/plan.ts';
import { setsWithout } from '../documents/sets.ts';
import { latelyCalled, servedBy, usesOfApi, usesOfPolicy } from '../documents/uses.ts';
import { accessOf } from './apply.ts';
import { tenantOrOnly } from './tenant-of.ts';

/** delete: takes a policy, an API or a service away; what is in use only where that is wanted all the same. */
export function deleteOperation(options: {
  store: DocumentStore;
  compiler: Compiler;
  revoker: Revoker;
  calls: CallHistory;
  clock: Pick<Clock, 'now'>;
}) {
  const { store, compiler, revoker, calls, clock } = options;

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

  function requireUnused(what: string, uses: readonly string[], force: boolean | undefined): void {
    if (uses.length === 0 || force) return;
    const reason = `${what} is in use: ${uses.join('; ')}; --force deletes it all the same`;
    throw new CausewayError('INVALID_REQUEST', reason, { pointer: '/name' });
  }

  async function deletePolicy(tenant: string, name: string, force?: boolean): Promise<string[]> {
    const key = documentKeys.policy(tenant, name);
    if (store.get(key)?.kind !== 'policy') {
      const policies = store.all.policies.filter((each) => each.tenant === tenant);
      throw missing(
        'policy',
        name,
        policies.map((each) => each.name),
      );
    }
    const change = { put: [], deleted: [key] };
    requireUnused(`policy ${name}`, usesOfPolicy(accessOf(store.all, change, clock.now())), force);
    await store.put(setsWithout(store, [key]), [key]);
    return [];
  }

  /** Whoever hosts it hosts it no more: in the same change, so that no site serves what is not there. */
  async function deleteApi(tenant: string, name: string, force?: boolean): Promise<string[]> {
    const apis = store.all.apis.filter((each) => each.tenant === tenant);
    const nameOf = (api: (typeof apis)[number]) => `${api.service}.v${majorOf(api.version)}`;
    const api = apis.find((each) => nameOf(each) === name);
    if (!api) throw missing('API', name, apis.map(nameOf));
    const lately = force ? [] : await calls.of(tenant, api.service, majorOf(api.version));
    const uses = [
      ...usesOfApi(store.all, api, hostingSites(store, tenant, api.service, majorOf(api.version))),
      ...latelyCalled(lately, clock.now()),
    ];
    requireUnused(`API ${name}`, uses, force);
    const { put, key, sites } = withoutApi(store, api);
    await store.put([...put, ...setsWithout(store, [key])], [key]);
    return sites;
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
        `${whole} has credentials that are valid${servedBy(standing)}: revoke it first (causeway revoke ${whole}), or use --force`,
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
      if (kind === 'policy') sites = await deletePolicy(tenant, name, request.force);
      else if (kind === 'api') sites = await deleteApi(tenant, name, request.force);
      else {
        keys = await deleteService(tenant, request);
        sites = request.site === undefined ? [] : [request.site];
      }
      await compiler.run();
      return { revision: store.revision, since, kind, tenant, name, sites, keys };
    },
  });
}
