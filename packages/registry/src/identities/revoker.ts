import { accountNames, hubSite } from '@causeway/identity';
import { didYouMean } from '@causeway/policy';
import {
  type AccountDocument,
  CausewayError,
  documentKeys,
  type RevokeReply,
  type RevokeRequest,
  type RevokeSiteReply,
  type Service,
  type Site,
} from '@causeway/protocol';
import type { AnyDocument, DocumentStore, FormerSite } from '../documents/store.ts';
import { controlName } from './control-name.ts';
import type { Voiding } from './voiding.ts';

/** Takes identities out of use, for good. */
export interface Revoker {
  /** Voids all keys of a service and cuts its connections. Throws INVALID_REQUEST where there is no such identity. */
  service(name: RevokeRequest): Promise<RevokeReply>;
  /** Voids the keys of a site's links, gateways and services. The cloud cannot be cut off from itself. */
  site(name: string): Promise<RevokeSiteReply>;
  /** Does that, and deletes the site and its services. Without `force` not where it hosts APIs. */
  removeSite(name: string, force: boolean): Promise<RevokeSiteReply>;
}

/** Documents of services that are changed at once; some of a batch is for others. */
const atOnce = 900;
/** Changes of somebody else that may come in between. */
const mostConflicts = 20;

const isConflict = (error: unknown) => error instanceof CausewayError && error.code === 'CONFLICT';

const wholeName = ({ tenant, site, name }: Service) => `${tenant}/${site}/${name}`;

/** The identity with none of its keys, nor of those that were replaced. */
function withoutKeys({ retiring: _, signers: __, ...identity }: Service): Service {
  return { ...identity, keys: [] };
}

/**
 * Creates it. `cutOff` is told of a site from which nothing more will come; `lastWord` resolves when a site that is being
 * cut off has taken in what it was told, or was given long enough.
 */
export function createRevoker(options: {
  store: DocumentStore;
  voiding: Voiding;
  cutOff: (site: string) => void;
  lastWord: (site: Site) => Promise<unknown>;
}): Revoker {
  const { store, voiding, cutOff, lastWord } = options;

  function accountOf(tenant: string): AccountDocument | undefined {
    const account = store.get(documentKeys.account(tenant));
    return account?.kind === 'account' ? account : undefined;
  }

  function standing({ tenant, site, service }: RevokeRequest) {
    const identity = store.get(documentKeys.service(tenant, site, service));
    const account = accountOf(tenant);
    if (identity?.kind === 'service' && account) return { identity, account };
    const wanted = `${tenant}/${site}/${service}`;
    const others = store.all.services.filter((each) => each.tenant === tenant).map(wholeName);
    throw new CausewayError(
      'INVALID_REQUEST',
      `there is no identity ${wanted}${didYouMean(wanted, others)}`,
      { pointer: '/service' },
    );
  }

  async function revokeService(request: RevokeRequest): Promise<RevokeReply> {
    for (let conflicts = 0; ; ) {
      const { identity, account } = standing(request);
      const voided = await voiding.tenant(account, identity.keys);
      const now = standing(request);
      // A key was issued meanwhile: it is to be void too. That its labels are others is no reason to begin anew.
      const more = now.identity.keys.some((key) => !identity.keys.includes(key));
      if (more || now.account !== account) continue;
      const since = store.revision + 1;
      // The document first: what is in it is pushed and compiled again until it is in force (`startReconciling`).
      try {
        await store.put([voided, withoutKeys(now.identity)]);
      } catch (error) {
        conflicts += 1;
        if (isConflict(error) && conflicts < mostConflicts) continue;
        throw error;
      }
      await voiding.inForce();
      return { revision: store.revision, since, keys: identity.keys.length };
    }
  }

  function siteOf(name: string): Site {
    const site = store.get(documentKeys.site(name));
    if (site?.kind !== 'site') {
      const names = store.all.sites.map((each) => each.name);
      throw new CausewayError('INVALID_REQUEST', `there is no site ${name}${didYouMean(name, names)}`, {
        pointer: '/site',
      });
    }
    if (name === hubSite) {
      throw new CausewayError(
        'INVALID_REQUEST',
        `site ${name} is the hub: all others hang on it, and it cannot be cut off`,
        { pointer: '/site' },
      );
    }
    return site;
  }

  const servicesAt = (site: string) => store.all.services.filter((service) => service.site === site);

  async function revokeSite(name: string): Promise<RevokeSiteReply> {
    for (;;) {
      const { revision } = store;
      const site = siteOf(name);
      const services = servicesAt(name);
      let count = 0;
      const changed: AnyDocument[] = [];
      const accounts: AccountDocument[] = [];
      for (const [tenant, keys] of Object.entries(site.tenants)) {
        const account = accountOf(tenant);
        // Of one that is being removed all are void.
        if (!account || account.removed) continue;
        const ofServices = services
          .filter((service) => service.tenant === tenant)
          .flatMap(({ keys }) => keys);
        const { gateway, leaf } = site.replaced ?? {};
        const own = [keys.gateway, keys.leaf, gateway?.[tenant], leaf?.[tenant]].filter(
          (key) => key !== undefined,
        );
        const all = [...own, ...ofServices];
        accounts.push(account);
        count += all.length;
        changed.push(await voiding.tenant(account, all));
      }
      if (site.leaf !== undefined) {
        const before = site.replaced?.leaf?.[controlName];
        const own = [site.leaf, ...(before === undefined ? [] : [before])];
        changed.push(await voiding.control(own));
        count += own.length;
      }
      // A key was issued meanwhile: it is to be void too. Whatever else changed is no reason to begin anew: a tenant that
      // changes its policies without end would keep the site in, and all other revocations waiting.
      const known = new Set(services.flatMap(({ keys }) => keys));
      const more = servicesAt(name).some(({ keys }) => keys.some((key) => !known.has(key)));
      if (more || siteOf(name) !== site || accounts.some((each) => accountOf(each.name) !== each)) continue;
      await store.put([...changed, { ...site, revoked: true }]);
      await takeKeysOf(name);
      cutOff(name);
      // Its links for tenants are cut now. By its own it hears of it, so that its server cuts those who are there: a site
      // that still does as it is told. It may say no more than that it has.
      await voiding.inForce([accountNames.control]);
      await lastWord(site);
      await voiding.inForce();
      return { revision: store.revision, since: revision + 1, keys: count, services: services.length };
    }
  }

  /** Its services have no keys any more. As they stand when that is written: others may change their labels meanwhile. */
  async function takeKeysOf(name: string): Promise<void> {
    for (let conflicts = 0; ; ) {
      const due = servicesAt(name).filter(({ keys }) => keys.length > 0);
      if (due.length === 0) return;
      try {
        await store.put(due.slice(0, atOnce).map(withoutKeys));
      } catch (error) {
        conflicts += 1;
        if (!isConflict(error) || conflicts === mostConflicts) throw error;
      }
    }
  }

  async function removeSite(name: string, force: boolean): Promise<RevokeSiteReply> {
    const hosting = servicesAt(siteOf(name).name).filter(({ hosts = [] }) => hosts.length > 0);
    if (hosting.length > 0 && !force) {
      const some = hosting.slice(0, 5).map(wholeName).join(', ');
      const more = hosting.length > 5 ? ` and ${hosting.length - 5} more` : '';
      throw new CausewayError(
        'INVALID_REQUEST',
        `site ${name} hosts APIs of ${some}${more}; delete those services first, or use --force`,
        { pointer: '/site' },
      );
    }
    const revoked = await revokeSite(name);
    const services = servicesAt(name);
    await inBatches(services, (batch) =>
      store.put(
        [],
        batch.map((each) => documentKeys.service(each.tenant, each.site, each.name)),
      ),
    );
    await store.put([formerOf(siteOf(name))], [documentKeys.site(name)]);
    await voiding.inForce();
    return { ...revoked, revision: store.revision };
  }

  /** What is kept of the site, together with what is kept of one that had its name before. */
  function formerOf(site: Site): FormerSite {
    const before = store.get(documentKeys.formerSite(site.name));
    const earlier = before?.kind === 'former-site' ? before : undefined;
    const gateways = { ...earlier?.gateways };
    // Also of gateways that it had before it was lost and restored.
    for (const [gateway, keys] of Object.entries({ ...site.retired, ...site.gateways })) {
      gateways[gateway] = [...new Set([...(gateways[gateway] ?? []), ...keys])];
    }
    // Those that were taken away from it before, too: their records of it are to verify as well.
    const { formerTenants = [] } = site;
    const tenants = [
      ...new Set([...(earlier?.tenants ?? []), ...formerTenants, ...Object.keys(site.tenants)]),
    ];
    return { kind: 'former-site', name: site.name, tenants, gateways };
  }

  return {
    service: (request) => voiding.inTurn(() => revokeService(request)),
    site: (name) => voiding.inTurn(() => revokeSite(name)),
    removeSite: (name, force) => voiding.inTurn(() => removeSite(name, force)),
  };
}

async function inBatches<T>(items: readonly T[], work: (batch: T[]) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += atOnce) await work(items.slice(start, start + atOnce));
}
