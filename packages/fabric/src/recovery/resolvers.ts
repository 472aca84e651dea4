import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { decodeJwt } from '@causeway/identity';
import { fabricLayout } from '../layout.ts';
import { readFabric } from '../settings.ts';

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

/** The latest claims of each account, by its public key, that any server in the folder has. */
export async function newestClaims(dir: string): Promise<Map<string, string>> {
  const newest = new Map<string, string>();
  for (const { account, jwt } of await resolverFiles(dir)) {
    const known = newest.get(account);
    if (known === undefined || decodeJwt(jwt).iat > decodeJwt(known).iat) newest.set(account, jwt);
  }
  return newest;
}
