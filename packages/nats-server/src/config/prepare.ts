import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { privateFolder, writeWhole } from './files.ts';
import { type LeafRemote, remotesConf } from './remotes.ts';

/** Which of the two server configurations. */
export type ServerKind = 'hub' | 'edge';

/** What stands in a server's folder before it starts. */
export interface ServerFolder {
  readonly kind: ServerKind;
  /** The server's working directory, `sites/<site>/nats`. Made if it is not there. */
  readonly folder: string;
  /** The operator's JWT. */
  readonly operatorJwt: string;
  /** Account JWTs by public key. One that the server already has, issued later, stays. */
  readonly accounts: Readonly<Record<string, string>>;
  /** Links to the hub; for an edge. */
  readonly remotes?: readonly LeafRemote[];
  /** PEM texts; left out where the files are there already. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca: string };
  /** Credentials files to write, by name in `creds/`. */
  readonly credentials?: Readonly<Record<string, string | Uint8Array>>;
}

/** The folder `nats-config`, looked for upwards from this file. Throws where there is none. */
export function natsConfigFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'nats-config');
    if (existsSync(join(candidate, 'hub.conf'))) return candidate;
    if (folder === dirname(folder)) {
      throw new Error(`no folder nats-config above ${import.meta.dirname}; the installation is incomplete`);
    }
  }
}

/** Seconds since the epoch at which a JWT was issued; 0 where it cannot be read. */
function issuedAt(jwt: string): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return Number((claims as { iat?: unknown } | null)?.iat ?? 0);
  } catch {
    return 0;
  }
}

/**
 * Puts an account's JWT where the server's resolver reads it at its start, unless one issued later is there:
 * a start must not take back a revocation. Says whether it was written.
 */
export async function preloadAccount(folder: string, publicKey: string, jwt: string): Promise<boolean> {
  if (!/^A[A-Z2-7]{55}$/.test(publicKey)) {
    throw new RangeError(`${JSON.stringify(publicKey)} is no public key of an account`);
  }
  const path = join(folder, 'resolver', `${publicKey}.jwt`);
  const present = await readFile(path, 'utf8').catch(() => '');
  if (present !== '' && issuedAt(present) >= issuedAt(jwt)) return false;
  await writeWhole(path, jwt);
  return true;
}

/**
 * Makes a server's folder ready: the configuration copied byte for byte from `nats-config`, the generated
 * `remotes.conf`, operator, accounts, certificate and credentials. May be done again at any time; a running
 * server takes a change of `remotes.conf` at its next reload. Returns the name of the configuration file.
 */
export async function prepareServerFolder(options: ServerFolder): Promise<string> {
  const { kind, folder } = options;
  await privateFolder(folder);
  const config = `${kind}.conf`;
  await writeWhole(join(folder, config), await readFile(join(natsConfigFolder(), config)));
  if (kind === 'edge') await writeWhole(join(folder, 'remotes.conf'), remotesConf(options.remotes ?? []));
  await writeWhole(join(folder, 'operator.jwt'), options.operatorJwt);
  await privateFolder(join(folder, 'resolver'));
  for (const [publicKey, jwt] of Object.entries(options.accounts)) {
    await preloadAccount(folder, publicKey, jwt);
  }
  if (options.tls) {
    await writeWhole(join(folder, 'tls', 'server.pem'), options.tls.certificate);
    await writeWhole(join(folder, 'tls', 'server.key'), options.tls.key);
    await writeWhole(join(folder, 'tls', 'ca.pem'), options.tls.ca);
  }
  for (const [name, text] of Object.entries(options.credentials ?? {})) {
    if (!/^[A-Za-z0-9._-]+$/.test(name))
      throw new RangeError(`${JSON.stringify(name)} is no plain file name`);
    await writeWhole(join(folder, 'creds', name), text);
  }
  return config;
}
