import { hubSite, isPublicKey } from '@causeway/identity';
import { didYouMean } from '@causeway/policy';
import {
  type AccountDocument,
  CausewayError,
  documentKeys,
  type Logger,
  type Random,
  type RekeyRequest,
  type Site,
} from '@causeway/protocol';
import type { AnyDocument, DocumentStore } from '../documents/store.ts';
import { controlName } from './control-name.ts';
import { knownKeys } from './known-keys.ts';
import type { Voiding } from './voiding.ts';

type Role = RekeyRequest['role'];

/**
 * Replaces the keys of a site's gateway or links. The site is asked, makes the keys where they are used, and tells their
 * public halves; it is issued users for them, and says when it uses those; then the keys before are void. Each step stands in
 * the documents, and doing it again changes nothing: whoever is killed in between goes on where it was.
 */
export interface Rekeying {
  /** Asks a site. Resolves with the name of the asking: that of before, where it is still under way. */
  ask(site: string, role: Role): Promise<string>;
  /** Takes in what a site answers. */
  take(site: string, request: RekeyRequest): Promise<void>;
}

/** Creates it. `compile` brings the documents into force. */
export function createRekeying(options: {
  store: DocumentStore;
  voiding: Voiding;
  compile: () => Promise<void>;
  random: Random;
  logger: Logger;
}): Rekeying {
  const { store, voiding, compile, random, logger } = options;

  function siteOf(name: string): Site {
    const site = store.get(documentKeys.site(name));
    if (site?.kind === 'site' && !site.revoked) return site;
    const why =
      site === undefined
        ? `there is no site ${name}${didYouMean(
            name,
            store.all.sites.map((each) => each.name),
          )}`
        : `site ${name} was revoked`;
    throw new CausewayError('INVALID_REQUEST', why, { pointer: '/site' });
  }

  async function ask(name: string, role: Role): Promise<string> {
    const site = siteOf(name);
    if (name === hubSite && role === 'leaf') {
      throw new CausewayError('INVALID_REQUEST', `site ${name} is the hub: it has no links of its own`, {
        pointer: '/role',
      });
    }
    const before = site.rekey?.[role];
    if (before !== undefined) return before;
    if (role === 'leaf') requireNoneCutOff(site);
    const id = Buffer.from(random.bytes(9)).toString('base64url');
    await store.put([{ ...site, rekey: { ...site.rekey, [role]: id } }]);
    return id;
  }

  /** Users of the site in this role: by tenant, and its own where they are CONTROL's. */
  function keysOf(site: Site, role: Role): Record<string, string> {
    const keys: Record<string, string> = {};
    for (const [tenant, of] of Object.entries(site.tenants)) {
      const key = of[role];
      if (key !== undefined) keys[tenant] = key;
    }
    const own = ownOf(site, role);
    if (own !== undefined) keys[controlName] = own;
    return keys;
  }

  async function takeKeys(site: Site, { gateway, role, keys, own }: RekeyRequest): Promise<void> {
    const standing = keysOf(site, role);
    const wanted = { ...keys, ...(own === undefined ? {} : { [controlName]: own }) };
    const current = Object.entries(wanted).every(
      ([name, key]) => standing[name] === key || site.gateways[gateway]?.includes(key),
    );
    if (current && site.rekeyed?.includes(role)) return;
    for (const [tenant, { joined }] of Object.entries(site.tenants)) {
      // One that came while the site was doing as it was asked has keys that were made there for it.
      if (keys[tenant] === undefined && !joined) throw refused(`no new key of tenant ${tenant}`, `/keys`);
    }
    const all = Object.values(wanted);
    // It may have been told of some before: the site was killed, and a tenant came to it meanwhile.
    const isNew = ([name, key]: [string, string]) =>
      standing[name] !== key && !(name === controlName && site.gateways[gateway]?.at(-1) === key);
    const fresh = Object.entries(wanted).filter(isNew);
    const known = knownKeys(store);
    const bad = fresh.map(([, key]) => key).find((key) => !isPublicKey('user', key) || known.has(key));
    if (bad !== undefined || new Set(all).size < all.length) {
      throw refused(`${bad ?? 'one of them'} is no new key of a user`, '/keys');
    }
    // Those before are void in the end, and of each there is one: others in their place would leave the first ones valid.
    const taken = site.replaced?.[role];
    const again = fresh.find(
      ([name]) => taken !== undefined && (name === controlName || Object.hasOwn(taken, name)),
    );
    if (again) throw refused('the site told other keys for this before', '/keys');
    const unknown = Object.keys(keys).find((tenant) => !Object.hasOwn(site.tenants, tenant));
    if (unknown !== undefined) throw refused(`tenant ${unknown} is not at site ${site.name}`, '/keys');
    const tenants = Object.fromEntries(
      Object.entries(site.tenants).map(([tenant, of]) => {
        const key = keys[tenant];
        return [tenant, key === undefined ? of : { ...of, [role]: key }];
      }),
    );
    const names = new Set(fresh.map(([name]) => name));
    const signing = role === 'gateway' && names.has(controlName);
    await store.put([
      {
        ...site,
        tenants,
        // The newest last; those before signed what is in the records.
        ...(signing
          ? { gateways: { ...site.gateways, [gateway]: [...(site.gateways[gateway] ?? []), own as string] } }
          : {}),
        ...(role === 'leaf' && own !== undefined ? { leaf: own } : {}),
        replaced: {
          ...site.replaced,
          [role]: { ...site.replaced?.[role], ...ofClaimsHere(site, role, names, standing) },
        },
        rekeyed: [...new Set([...(site.rekeyed ?? []), role])],
      },
    ]);
    logger.info({ site: site.name, role }, 'new keys of the site taken in');
  }

  async function finish(name: string, role: Role): Promise<void> {
    for (;;) {
      const site = siteOf(name);
      const changed: AnyDocument[] = [];
      const accounts: AccountDocument[] = [];
      for (const [account, key] of Object.entries(site.replaced?.[role] ?? {})) {
        if (account === controlName) changed.push(await voiding.control([key]));
        else {
          const document = accountOf(account);
          // Of one that is being removed all are void.
          if (!document || document.removed) continue;
          accounts.push(document);
          changed.push(await voiding.tenant(document, [key]));
        }
      }
      if (siteOf(name) !== site || accounts.some((each) => accountOf(each.name) !== each)) continue;
      const { rekey, replaced, ...rest } = site;
      const asked = without(rekey, role);
      const left = without(replaced, role);
      await store.put([
        ...changed,
        { ...rest, ...(asked ? { rekey: asked } : {}), ...(left ? { replaced: left } : {}) },
      ]);
      await voiding.inForce();
      logger.info({ site: name, role }, 'the site uses its new keys; those before are void');
      return;
    }
  }

  function accountOf(tenant: string): AccountDocument | undefined {
    const account = store.get(documentKeys.account(tenant));
    return account?.kind === 'account' ? account : undefined;
  }

  async function take(name: string, request: RekeyRequest): Promise<void> {
    const { role, id, done } = request;
    const site = siteOf(name);
    // Done already: its answer was lost.
    if (site.rekey?.[role] === undefined && done) return;
    if (site.rekey?.[role] !== id) throw refused(`the site was not asked for this`, '/id');
    await takeKeys(site, request);
    if (done) await finish(name, role);
  }

  return {
    ask: (site, role) =>
      voiding.inTurn(async () => {
        const id = await ask(site, role);
        await compile();
        return id;
      }),
    take: (site, request) =>
      voiding.inTurn(async () => {
        await take(site, request);
        await compile();
      }),
  };
}

/** The site's own key in that role, where its account is CONTROL. */
function ownOf(site: Site, role: Role): string | undefined {
  if (role === 'leaf') return site.leaf;
  return site.name === hubSite ? Object.values(site.gateways)[0]?.at(-1) : undefined;
}

/** What is to be void: of those that have a key in the place of theirs. */
function ofClaimsHere(
  site: Site,
  role: Role,
  names: ReadonlySet<string>,
  standing: Readonly<Record<string, string>>,
): Record<string, string> {
  const ofThese = Object.entries(standing).filter(
    ([name, before]) => names.has(name) && (name !== controlName || ownOf(site, role) === before),
  );
  return Object.fromEntries(ofThese);
}

function without<T extends object>(of: T | undefined, role: Role): T | undefined {
  const left = Object.fromEntries(Object.entries(of ?? {}).filter(([key]) => key !== role));
  return Object.keys(left).length > 0 ? (left as T) : undefined;
}

/** New keys would let a link in that the watchdog keeps out. */
function requireNoneCutOff(site: Site): void {
  const [cut] = Object.entries(site.tenants).filter(([, keys]) => keys.cutOff !== undefined);
  if (!cut && site.cutOff === undefined) return;
  const [tenant] = cut ?? [];
  throw refused(
    tenant === undefined
      ? `the watchdog keeps site ${site.name} out: ${site.cutOff}`
      : `the watchdog keeps the link of ${tenant} at site ${site.name} out: ${cut?.[1].cutOff}; take the tenant away ` +
          `first (causeway tenant remove ${tenant} --site ${site.name})`,
    '/site',
  );
}

const refused = (reason: string, pointer: string) =>
  new CausewayError('INVALID_REQUEST', reason, { pointer });
