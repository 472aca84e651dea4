import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { decodeJwt, hubSite, type Revocations } from '@causeway/identity';
import type { Bootstrap } from '@causeway/registry';
import { fabricLayout } from '../layout.ts';
import { FabricError, readFabric } from '../settings.ts';

/** Account claims as they lie in the folder of a site's server. */
export interface ResolverFile {
  readonly site: string;
  readonly file: string;
  readonly account: string;
  readonly jwt: string;
}

/** The claims that the servers of the sites in a fabric's folder have. Sites whose folder is elsewhere are left out. */
export async function resolverFiles(dir: string): Promise<ResolverFile[]> {
  const found: ResolverFile[] = [];
  for (const site of (await readFabric(dir)).sites) {
    const folder = path.join(fabricLayout(dir).site(site).nats, 'resolver');
    for (const name of await readdir(folder).catch(() => [])) {
      if (!/^A[A-Z2-7]{55}\.jwt$/.test(name)) continue;
      const file = path.join(folder, name);
      const jwt = (await readFile(file, 'utf8')).trim();
      found.push({ site, file, account: name.slice(0, -'.jwt'.length), jwt });
    }
  }
  return found;
}

/**
 * The operator keys whose signature counts on account claims, by the hub's operator JWT. What a site that was taken over
 * left in its folder, signed by itself, must not be taken for the fabric's. Throws a FabricError where there is no JWT.
 */
export async function trustedIssuers(dir: string): Promise<Set<string>> {
  const layout = fabricLayout(dir);
  const places = [layout.site('cloud').nats, layout.operator].map((folder) =>
    path.join(folder, 'operator.jwt'),
  );
  for (const place of places) {
    const jwt = await readFile(place, 'utf8').catch(() => undefined);
    if (jwt === undefined) continue;
    const { subject, nats } = decodeJwt(jwt.trim());
    return new Set([subject, ...((nats.signing_keys as string[] | undefined) ?? [])]);
  }
  throw new FabricError(`${places.join(' and ')} are not there; bring back the hub first (docs/recovery.md)`);
}

/** An account's claims, and every revocation that some server of the fabric knows of. */
export interface StandingClaims {
  readonly jwt: string;
  readonly revocations: Revocations;
}

/** The claims of a fabric's accounts, as its folder has them. */
export interface ClaimsHere {
  /** Those of an account at a site. Undefined where no trusted issuer signed any. */
  of(account: string, site: string): StandingClaims | undefined;
}

/** The later of two revocations of each key. */
export function allRevocations(...each: readonly (Revocations | undefined)[]): Revocations {
  const all: Record<string, number> = {};
  for (const revocations of each) {
    for (const [key, time] of Object.entries(revocations ?? {})) all[key] = Math.max(time, all[key] ?? 0);
  }
  return all;
}

/** Whom an account's claims name as revoked. */
export function revocationsOf(jwt: string): Revocations {
  return (decodeJwt(jwt).nats.revocations as Revocations | undefined) ?? {};
}

/** Claims, where they are some, by a trusted issuer, of that account. What a server's folder holds need not be whole. */
function trustedClaims(jwt: string, account: string, trusted: ReadonlySet<string>): string | undefined {
  try {
    const { type, subject, issuer } = decodeJwt(jwt);
    return type === 'account' && subject === account && trusted.has(issuer) ? jwt : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads them. What an account is, its signing keys above all, is for the hub to say, or else for the founding documents:
 * an edge that was taken over may hold claims that a stolen operator key signed, the latest of all. From edges only
 * revocations are taken, which can but take away. An account that the hub does not know is the site's own.
 */
export async function readClaims(dir: string, trusted: ReadonlySet<string>): Promise<ClaimsHere> {
  const hub = new Map<string, string>();
  const own = new Map<string, string>();
  const revocations = new Map<string, Revocations>();
  const revoke = (account: string, jwt: string) =>
    revocations.set(account, allRevocations(revocations.get(account), revocationsOf(jwt)));
  const { bootstrap } = fabricLayout(dir);
  const text = await readFile(bootstrap, 'utf8').catch(() => undefined);
  const founded = text === undefined ? undefined : (JSON.parse(text) as Bootstrap);
  if (founded) {
    if (founded.controlJwt !== undefined) hub.set(founded.control, founded.controlJwt);
    for (const { publicKey, jwt } of founded.accounts) hub.set(publicKey, jwt);
  }
  for (const { site, account, jwt } of await resolverFiles(dir)) {
    if (trustedClaims(jwt, account, trusted) === undefined) continue;
    if (site === hubSite) hub.set(account, jwt);
    else own.set(`${site}/${account}`, jwt);
    revoke(account, jwt);
  }
  return {
    of(account, site) {
      const jwt = hub.get(account) ?? own.get(`${site}/${account}`);
      if (jwt === undefined) return undefined;
      return { jwt, revocations: allRevocations(revocationsOf(jwt), revocations.get(account)) };
    },
  };
}
