import { accountNames, decodeJwt, hubSite, issueUser, maxHosts } from '@causeway/identity';
import { type Clock, compiledKeys, type Random, type Service, type Site } from '@causeway/protocol';
import { controlName } from './control-name.ts';
import { type Signers, signedByOther } from './signers.ts';

/** Issues users of accounts that the registry signs for. */
export interface UserIssuer {
  /** A service's user, for a key made elsewhere. `after` is the second at which the key was revoked. */
  service(tenant: string, site: string, name: string, key: string, after?: number): Promise<string>;
  /** An ops console's user. */
  console(tenant: string, name: string, key: string, expires: number): Promise<string>;
  /**
   * The users of a site's gateway and leaf as they must be now, by their keys in `compiled`: those issued before,
   * where the services that the site may host are still the same.
   */
  usersOf(
    site: Site,
    services: readonly Service[],
    before: ReadonlyMap<string, unknown>,
  ): Promise<Map<string, { id: string; jwt: string }>>;
}

/** Creates the issuer. `accountKey` gives an account's public key by name. */
export function createUserIssuer(options: {
  keyring: Pick<Signers, 'signer' | 'replaced'>;
  accountKey: (name: string) => string;
  clock: Clock;
  random: Random;
}): UserIssuer {
  const { keyring, accountKey, clock, random } = options;

  const tenantAccount = (tenant: string) =>
    ({ kind: 'tenant', name: tenant, publicKey: accountKey(tenant) }) as const;
  const opsAccount = () => ({ kind: 'ops', name: 'OPS', publicKey: accountKey('OPS') }) as const;

  async function hostingUser(
    site: Site,
    tenant: string,
    role: 'gateway' | 'leaf',
    key: string,
    hosts: readonly string[],
    before: unknown,
  ): Promise<{ id: string; jwt: string } | undefined> {
    const earlier = before as { id: string; jwt: string } | undefined;
    const signer = keyring.signer(tenant, role);
    // What it was founded with is good until it hosts something, has new keys, or others sign; who joined later has only these.
    const founded =
      !site.tenants[tenant]?.joined &&
      !site.rekeyed?.includes(role) &&
      keyring.replaced(tenant, role) === undefined;
    if (hosts.length === 0 && !earlier && founded) return undefined;
    if (earlier) {
      const claims = decodeJwt(earlier.jwt);
      const tags = (claims.nats.tags as string[] | undefined) ?? [];
      const hosted = tags.filter((tag) => tag.startsWith('hosts:')).map((tag) => tag.slice('hosts:'.length));
      const current = claims.subject === key && !signedByOther(earlier.jwt, signer);
      if (current && hosted.sort().join() === [...hosts].sort().join()) return earlier;
    }
    const name = role === 'gateway' ? (Object.keys(site.gateways)[0] as string) : site.name;
    const { jwt } = await issueUser({
      account: tenantAccount(tenant),
      role,
      name,
      tags: { site: site.name, hosts },
      key,
      signer,
      now: clock.now(),
    });
    return { id: Buffer.from(random.bytes(9)).toString('base64url'), jwt };
  }

  /** The user of CONTROL that a site has: by which an edge's own link comes in, or the cloud's gateway. */
  async function ownUser(
    site: Site,
    role: 'gateway' | 'leaf',
    before: unknown,
  ): Promise<{ id: string; jwt: string } | undefined> {
    const [gateway = '', keys = []] = Object.entries(site.gateways)[0] ?? [];
    const edge = site.name !== hubSite;
    // An edge's gateway is in an account of the edge's own, which signs for it.
    if (edge !== (role === 'leaf')) return undefined;
    // What the watchdog keeps out must not be let in by claims that are later.
    if (edge && site.cutOff !== undefined) return undefined;
    const key = edge ? site.leaf : keys.at(-1);
    if (key === undefined) return undefined;
    const signer = keyring.signer(accountNames.control, role);
    const earlier = before as { id: string; jwt: string } | undefined;
    if (earlier && decodeJwt(earlier.jwt).subject === key && !signedByOther(earlier.jwt, signer))
      return earlier;
    const { jwt } = await issueUser({
      account: { kind: 'control', name: accountNames.control, publicKey: accountKey(accountNames.control) },
      role,
      name: edge ? site.name : gateway,
      tags: { site: site.name },
      key,
      signer,
      now: clock.now(),
    });
    return { id: Buffer.from(random.bytes(9)).toString('base64url'), jwt };
  }

  return {
    async service(tenant, site, name, key, after) {
      const { jwt } = await issueUser({
        account: tenantAccount(tenant),
        role: 'service',
        name,
        tags: { site },
        key,
        signer: keyring.signer(tenant, 'service'),
        now: clock.now(),
        ...(after === undefined ? {} : { after }),
      });
      return jwt;
    },
    async console(tenant, name, key, expires) {
      const all = tenant === 'any';
      const { jwt } = await issueUser({
        account: opsAccount(),
        role: all ? 'ops-all' : 'ops',
        name,
        tags: all ? {} : { tenant },
        key,
        signer: keyring.signer('OPS', all ? 'ops-all' : 'ops'),
        now: clock.now(),
        expires,
      });
      return jwt;
    },
    async usersOf(site, services, before) {
      const users = new Map<string, { id: string; jwt: string }>();
      // New ones would be later than the revocation, and valid.
      if (site.revoked) return users;
      for (const [tenant, keys] of Object.entries(site.tenants)) {
        const hosts = services
          .filter((service) => service.tenant === tenant && service.site === site.name)
          .filter((service) => (service.hosts?.length ?? 0) > 0)
          .map((service) => service.name)
          // Of more no user could be issued, and the site would be told nothing of its other tenants either.
          .sort()
          .slice(0, maxHosts);
        for (const role of ['gateway', 'leaf'] as const) {
          const key = keys[role];
          // A new one would be later than the revocation, and valid.
          if (key === undefined || (role === 'leaf' && keys.cutOff !== undefined)) continue;
          const entry = compiledKeys.user(tenant, role);
          const user = await hostingUser(site, tenant, role, key, hosts, before.get(entry));
          if (user) users.set(entry, user);
        }
      }
      for (const role of ['gateway', 'leaf'] as const) {
        const again =
          site.rekeyed?.includes(role) || keyring.replaced(accountNames.control, role) !== undefined;
        if (!again) continue;
        const entry = compiledKeys.user(controlName, role);
        const user = await ownUser(site, role, before.get(entry));
        if (user) users.set(entry, user);
      }
      return users;
    },
  };
}
