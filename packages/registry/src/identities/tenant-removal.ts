import { decodeJwt, issueAccount, type Revocations } from '@causeway/identity';
import { didYouMean } from '@causeway/policy';
import {
  type AccountDocument,
  CausewayError,
  type Clock,
  documentKeys,
  type RemoveTenantReply,
  type Site,
} from '@causeway/protocol';
import type { Keyring } from '../config.ts';
import { type AnyDocument, type DocumentStore, keyOf } from '../documents/store.ts';
import type { Voiding } from './voiding.ts';

/** Takes tenants away. */
export interface TenantRemoval {
  /** From one site: its users there are void, its services there are deleted, everything else of it goes on. */
  fromSite(tenant: string, site: string, force: boolean): Promise<RemoveTenantReply>;
  /** From the fabric: its claims let nobody in from then on, at no server. Done again, it completes what is missing. */
  fromFabric(tenant: string, force: boolean): Promise<RemoveTenantReply>;
}

/** Documents that are deleted at once. */
const atOnce = 900;
const mostNamed = 5;

/**
 * Creates it. `strike` takes a tenant out of what the fabric was founded with; `removed` is told of one that is gone.
 * What it changes is there in the order in which a registry that is killed may leave it: first nobody gets in, last the
 * account's document goes.
 */
export function createTenantRemoval(options: {
  store: DocumentStore;
  voiding: Voiding;
  keyring: Keyring;
  strike: (tenant: string, site?: string) => Promise<void>;
  removed: (tenant: string) => Promise<void>;
  clock: Clock;
}): TenantRemoval {
  const { store, voiding, keyring, strike, removed, clock } = options;

  function accountOf(tenant: string): AccountDocument {
    const account = store.get(documentKeys.account(tenant));
    if (account?.kind === 'account') return account;
    const names = store.accounts.map(({ name }) => name);
    const former = store.get(documentKeys.formerAccount(tenant)) ? '; it was removed' : '';
    throw new CausewayError(
      'INVALID_REQUEST',
      `there is no tenant ${tenant}${former || didYouMean(tenant, names)}`,
      { pointer: '/tenant' },
    );
  }

  /** What is there of a tenant, or of it at a site, in words that `get` understands. */
  function inUse(tenant: string, site?: string): { documents: AnyDocument[]; names: string[] } {
    const { services, apis, policies } = store.all;
    const of = <T extends { tenant: string }>(all: readonly T[]) =>
      all.filter((each) => each.tenant === tenant);
    const here = of(services).filter((service) => site === undefined || service.site === site);
    const wide = site === undefined ? { apis: of(apis), policies: of(policies) } : { apis: [], policies: [] };
    return {
      documents: [...here, ...wide.apis, ...wide.policies],
      names: [
        ...here.map(({ site, name }) => `service ${tenant}/${site}/${name}`),
        ...wide.apis.map((api) => `API ${keyOf(api).split('.').slice(2).join('.')}`),
        ...wide.policies.map(({ name }) => `policy ${name}`),
      ],
    };
  }

  function requireUnused(tenant: string, force: boolean, site?: string): void {
    const { names } = inUse(tenant, site);
    if (names.length === 0 || force) return;
    const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
    const where = site === undefined ? '' : ` at site ${site}`;
    throw new CausewayError(
      'INVALID_REQUEST',
      `tenant ${tenant}${where} has ${names.slice(0, mostNamed).join(', ')}${more}; delete them first, or use --force`,
      { pointer: '/tenant' },
    );
  }

  async function deleteAll(documents: readonly AnyDocument[]): Promise<void> {
    for (let start = 0; start < documents.length; start += atOnce) {
      await store.put([], documents.slice(start, start + atOnce).map(keyOf));
    }
  }

  function without(site: Site, tenant: string): Site {
    const { [tenant]: _, ...tenants } = site.tenants;
    const { awaited = [], formerTenants = [], replaced, ...rest } = site;
    const stillAwaited = awaited.filter((each) => each !== tenant);
    return {
      ...rest,
      tenants,
      ...(replaced ? { replaced: withoutKeysOf(replaced, tenant) } : {}),
      ...(stillAwaited.length === 0 ? {} : { awaited: stillAwaited }),
      formerTenants: [...new Set([...formerTenants, tenant])],
    };
  }

  const hasIt = (tenant: string) => (site: Site) =>
    Object.hasOwn(site.tenants, tenant) || site.awaited?.includes(tenant) === true;

  /** Keys of a tenant's users, at one site or everywhere. */
  function keysOf(tenant: string, sites: readonly Site[]): string[] {
    const names = new Set(sites.map(({ name }) => name));
    const ofSites = sites.flatMap((site) => {
      const { gateway, leaf } = site.tenants[tenant] ?? {};
      // Those that are being replaced are valid until the site has said that it is done.
      const before = [site.replaced?.gateway?.[tenant], site.replaced?.leaf?.[tenant]];
      return [gateway, leaf, ...before].filter((key) => key !== undefined);
    });
    const ofServices = store.all.services
      .filter((service) => service.tenant === tenant && names.has(service.site))
      .flatMap(({ keys }) => keys);
    return [...ofSites, ...ofServices];
  }

  function standingAt(tenant: string, name: string): Site {
    const site = store.all.sites.find((each) => each.name === name);
    if (!site || !hasIt(tenant)(site)) {
      const sites = store.all.sites.filter(hasIt(tenant)).map((each) => each.name);
      throw new CausewayError(
        'INVALID_REQUEST',
        `tenant ${tenant} is not at site ${name}; it is at ${sites.join(', ') || 'none'}`,
        { pointer: '/site' },
      );
    }
    return site;
  }

  async function fromSite(tenant: string, name: string, force: boolean): Promise<RemoveTenantReply> {
    accountOf(tenant);
    standingAt(tenant, name);
    requireUnused(tenant, force, name);
    await strike(tenant, name);
    for (;;) {
      const site = standingAt(tenant, name);
      const account = accountOf(tenant);
      const keys = keysOf(tenant, [site]);
      const voided = await voiding.tenant(account, keys);
      // A key was issued meanwhile: it is to be void too. Other changes, of which there may be no end, are no matter here.
      const more = keysOf(tenant, [site]).some((key) => !keys.includes(key));
      if (more || standingAt(tenant, name) !== site || accountOf(tenant) !== account) continue;
      await store.put([voided, without(site, tenant)]);
      const { documents } = inUse(tenant, name);
      await deleteAll(documents);
      await voiding.inForce();
      return {
        revision: store.revision,
        tenant,
        sites: [name],
        keys: keys.length,
        deleted: documents.length,
      };
    }
  }

  /** Claims that let nobody in, whoever has a key that signs for them. */
  async function voidClaims(account: AccountDocument): Promise<string> {
    const { nats, iat } = decodeJwt(account.jwt);
    const revocations: Revocations = {
      ...(nats.revocations as Revocations | undefined),
      '*': Math.max(Math.floor(clock.now() / 1_000), iat) + 1,
    };
    const { jwt } = await issueAccount(
      {
        kind: 'tenant',
        name: account.name,
        publicKey: account.publicKey,
        signingKeys: {},
        limits: { connections: 0, leafs: 0 },
        revocations,
        now: clock.now(),
        previousIat: iat,
      },
      keyring.operator,
    );
    return jwt;
  }

  async function fromFabric(tenant: string, force: boolean): Promise<RemoveTenantReply> {
    let account = accountOf(tenant);
    // What was begun is completed: nobody is let in any more.
    if (!account.removed) requireUnused(tenant, force);
    const sites = store.all.sites.filter(hasIt(tenant));
    const keys = keysOf(tenant, sites);
    await strike(tenant);
    if (!account.removed) {
      account = { ...account, jwt: await voidClaims(account), removed: true };
      await store.put([account]);
      await voiding.inForce();
    }
    const { documents } = inUse(tenant);
    await deleteAll(documents);
    await store.put(
      [
        { kind: 'former-account', name: tenant, publicKey: account.publicKey, jwt: account.jwt },
        ...store.all.sites.filter(hasIt(tenant)).map((site) => without(site, tenant)),
      ],
      [documentKeys.account(tenant)],
    );
    // What a site registered until then; and the sets that its documents were managed as.
    await deleteAll([...inUse(tenant).documents, ...store.sets.filter((set) => set.tenant === tenant)]);
    await keyring.remove(tenant);
    await removed(tenant);
    await voiding.inForce();
    return {
      revision: store.revision,
      tenant,
      sites: sites.map(({ name }) => name),
      keys: keys.length,
      deleted: documents.length,
    };
  }

  return {
    fromSite: (tenant, site, force) => voiding.inTurn(() => fromSite(tenant, site, force)),
    fromFabric: (tenant, force) => voiding.inTurn(() => fromFabric(tenant, force)),
  };
}

/** Keys that are being replaced, of all others. */
function withoutKeysOf(
  replaced: NonNullable<Site['replaced']>,
  tenant: string,
): NonNullable<Site['replaced']> {
  const { gateway, leaf } = replaced;
  const others = (of: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(of).filter(([name]) => name !== tenant));
  return { ...(gateway ? { gateway: others(gateway) } : {}), ...(leaf ? { leaf: others(leaf) } : {}) };
}
