import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { decodeJwt } from '@causeway/identity';
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

/** The latest claims of each account, by its public key, that any server in the folder has, by a trusted issuer. */
export async function newestClaims(dir: string, trusted: ReadonlySet<string>): Promise<Map<string, string>> {
  const newest = new Map<string, string>();
  for (const { account, jwt } of await resolverFiles(dir)) {
    const { subject, issuer, iat } = decodeJwt(jwt);
    if (subject !== account || !trusted.has(issuer)) continue;
    const known = newest.get(account);
    if (known === undefined || iat > decodeJwt(known).iat) newest.set(account, jwt);
  }
  return newest;
}
