import { accountLimits, createKeys, isPublicKey, issueAccount, roles, tenantFault } from '@causeway/identity';
import { didYouMean } from '@causeway/policy';
import {
  type AccountDocument,
  type AddTenantReply,
  CausewayError,
  type Clock,
  documentKeys,
  type Random,
  type Site,
  type TenantKeys,
} from '@causeway/protocol';
import type { Keyring } from '../config.ts';
import type { AnyDocument, DocumentStore } from '../documents/store.ts';
import { knownKeys } from './known-keys.ts';
import type { Voiding } from './voiding.ts';

/** Brings tenants to sites that run. */
export interface Tenants {
  /**
   * Founds a tenant where there is none of that name, and awaits it at these sites, or all: each makes its keys there and
   * tells the registry the public ones. Done again, it completes what is missing.
   */
  add(tenant: string, sites: readonly string[] | undefined): Promise<AddTenantReply>;
  /** A site has made its keys for a tenant that is awaited there. Resolves with the revision that has its users. */
  arrived(site: string, gateway: string, keys: Pick<TenantKeys, 'tenant' | 'keys'>): Promise<number>;
}

/** Creates it. `note` keeps the account beside what the fabric was founded with; `founded` is told of a tenant that is new, before anybody can ask for it. */
export function createTenants(options: {
  store: DocumentStore;
  voiding: Voiding;
  keyring: Keyring;
  note: (account: AccountDocument) => Promise<void>;
  founded: (tenant: string) => void;
  clock: Clock;
  random: Random;
}): Tenants {
  const { store, voiding, keyring, note, founded, clock, random } = options;

  const accountOf = (tenant: string): AccountDocument | undefined => {
    const account = store.get(documentKeys.account(tenant));
    return account?.kind === 'account' ? account : undefined;
  };

  /** Its seed is not kept: the keys of the roles give users, and the operator's renews the claims. */
  async function found(tenant: string): Promise<AccountDocument> {
    const { publicKey } = createKeys('account', random);
    const signingKeys: Record<string, string> = {};
    for (const role of Object.keys(roles.tenant)) {
      const key = createKeys('account', random);
      // Kept before the claims are stored: whoever is killed in between founds it again, with others.
      await keyring.add(tenant, role, key.seed);
      signingKeys[role] = key.publicKey;
    }
    const { jwt } = await issueAccount(
      {
        kind: 'tenant',
        name: tenant,
        publicKey,
        signingKeys,
        limits: accountLimits('tenant', { sites: store.all.sites.length }),
        now: clock.now(),
      },
      keyring.operator,
    );
    const account: AccountDocument = { kind: 'account', name: tenant, publicKey, jwt };
    await note(account);
    return account;
  }

  function sitesNamed(names: readonly string[] | undefined): Site[] {
    const standing = store.all.sites.filter((site) => !site.revoked);
    if (names === undefined) return standing;
    return [...new Set(names)].map((name) => {
      const site = standing.find((each) => each.name === name);
      if (site) return site;
      const known = standing.map((each) => each.name);
      throw new CausewayError('INVALID_REQUEST', `there is no site ${name}${didYouMean(name, known)}`, {
        pointer: '/sites',
      });
    });
  }

  async function add(tenant: string, names: readonly string[] | undefined): Promise<AddTenantReply> {
    const fault = tenantFault(tenant);
    if (fault) throw new CausewayError('INVALID_REQUEST', fault, { pointer: '/tenant' });
    if (store.get(documentKeys.formerAccount(tenant))) {
      throw new CausewayError(
        'INVALID_REQUEST',
        `a tenant ${tenant} was removed; its records and counters stand under that name, so that no other tenant may ` +
          'have it: choose another name',
        { pointer: '/tenant' },
      );
    }
    const sites = sitesNamed(names);
    const standing = accountOf(tenant);
    if (standing?.removed) {
      throw new CausewayError(
        'CONFLICT',
        `tenant ${tenant} is being removed; causeway tenant remove ${tenant} --force completes it`,
        { pointer: '/tenant' },
      );
    }
    const account = standing ?? (await found(tenant));
    // As they stand now: what was read before a wait may be old.
    const missing = sitesNamed(names).filter(
      (site) => !Object.hasOwn(site.tenants, tenant) && !site.awaited?.includes(tenant),
    );
    const changes: AnyDocument[] = missing.map((site) => ({
      ...site,
      awaited: [...(site.awaited ?? []), tenant],
    }));
    await store.put([...(standing ? [] : [account]), ...changes]);
    founded(tenant);
    await voiding.inForce();
    return {
      revision: store.revision,
      tenant,
      account: account.publicKey,
      sites: sites.map(({ name }) => name),
    };
  }

  async function arrived(
    name: string,
    gateway: string,
    { tenant, keys }: Pick<TenantKeys, 'tenant' | 'keys'>,
  ): Promise<number> {
    const site = store.get(documentKeys.site(name));
    if (site?.kind !== 'site' || !Object.hasOwn(site.gateways, gateway)) {
      throw new CausewayError('DENIED', `site ${name} has no gateway ${gateway}`);
    }
    const known = site.tenants[tenant];
    if (known) {
      // What it asked for before, and did not hear the answer to.
      if (known.gateway === keys.gateway && known.leaf === keys.leaf) return store.revision;
      throw new CausewayError('CONFLICT', `tenant ${tenant} has other keys at site ${name} already`);
    }
    if (!site.awaited?.includes(tenant) || !accountOf(tenant)) {
      throw new CausewayError('DENIED', `tenant ${tenant} is not to be at site ${name}`);
    }
    if ((keys.leaf === undefined) !== (site.leaf === undefined)) {
      throw new CausewayError(
        'INVALID_REQUEST',
        site.leaf === undefined ? 'the cloud has no leaf links' : 'the key of the leaf link is missing',
        { pointer: '/keys/leaf' },
      );
    }
    const all = [keys.gateway, keys.leaf].filter((key) => key !== undefined);
    const others = knownKeys(store);
    if (new Set(all).size < all.length || all.some((key) => !isPublicKey('user', key) || others.has(key))) {
      throw new CausewayError('INVALID_REQUEST', 'one of them is no new key of a user', { pointer: '/keys' });
    }
    const awaited = site.awaited.filter((each) => each !== tenant);
    const formerTenants = site.formerTenants?.filter((each) => each !== tenant) ?? [];
    const { awaited: _, formerTenants: __, ...rest } = site;
    await store.put([
      {
        ...rest,
        tenants: { ...site.tenants, [tenant]: { ...keys, joined: true } },
        ...(awaited.length === 0 ? {} : { awaited }),
        ...(formerTenants.length === 0 ? {} : { formerTenants }),
      },
    ]);
    await voiding.inForce();
    return store.revision;
  }

  return {
    add: (tenant, sites) => voiding.inTurn(() => add(tenant, sites)),
    arrived: (site, gateway, keys) => voiding.inTurn(() => arrived(site, gateway, keys)),
  };
}
