import { readFileSync, statSync } from 'node:fs';
import { createSigner } from './signer.ts';

/** What an ordinary NATS `.creds` file holds, and what its JWT says about its bearer. */
export interface Credentials {
  readonly jwt: string;
  readonly seed: string;
  /** Public key of the user. */
  readonly publicKey: string;
  readonly name: string;
  /** Public key of the account that the user belongs to. */
  readonly account: string;
  readonly tags: readonly string[];
}

/** A user's JWT and its seed, as they may be given instead of a file. */
export type JwtAndSeed = Pick<Credentials, 'jwt' | 'seed'>;

const block = (label: string) =>
  new RegExp(`-{3,}BEGIN ${label}-{3,}\\s+([\\w.-]+)\\s+-{3,}END ${label}-{3,}`, 'i');
const jwtBlock = block('NATS USER JWT');
const seedBlock = block('USER NKEY SEED');

/**
 * Reads a `.creds` file. Throws an Error that names the file and what to do: missing, readable by others
 * (refused as ssh refuses such a key), truncated, no credentials at all. No message holds the seed.
 *
 * Synchronous, since a client that reconnects must answer the server's nonce at once with what stands then.
 */
export function readCreds(path: string): Credentials {
  let text: string;
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw new Error(`${path} is a folder; name a .creds file`);
    const { mode } = found;
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Error(`${path} can be read by others; it holds a secret key: run chmod 600 ${path}`);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') {
      throw new Error(`there are no credentials at ${path}; make them with causeway service add`);
    }
    if (code !== undefined) throw new Error(`${path} cannot be read (${code}); check who owns it`);
    throw error;
  }
  return parseCreds(text, path);
}

/** Parses the text of a `.creds` file; `path` only names it in errors. Throws an Error as `readCreds` does. */
export function parseCreds(text: string, path = 'the credentials'): Credentials {
  const jwt = jwtBlock.exec(text)?.[1];
  const seed = seedBlock.exec(text)?.[1];
  if (jwt === undefined && seed === undefined && !text.includes('BEGIN NATS USER JWT')) {
    throw new Error(`${path} is not a NATS .creds file: it has no user JWT; was another file meant?`);
  }
  if (jwt === undefined || seed === undefined) {
    const missing = jwt === undefined ? 'user JWT' : 'user NKey seed';
    throw new Error(`${path} is truncated: its ${missing} is missing or not complete; get it again`);
  }
  return credentialsOf({ jwt, seed }, path);
}

/**
 * Credentials from a JWT and a seed. The JWT's signature is not verified here: the server does that. Throws
 * an Error where the JWT cannot be read, or where the seed is not that of the JWT's user.
 */
export function credentialsOf({ jwt, seed }: JwtAndSeed, path = 'the credentials'): Credentials {
  let publicKey: string;
  try {
    ({ publicKey } = createSigner(seed));
  } catch (error) {
    throw new Error(`${path} cannot be used: ${(error as Error).message}; get it again`);
  }
  const claims = claimsOf(jwt);
  if (!claims) throw new Error(`${path} cannot be used: its user JWT cannot be decoded; get it again`);
  if (claims.sub !== publicKey) {
    throw new Error(
      `${path} cannot be used: its JWT is for ${claims.sub}, its seed is that of ${publicKey}; get it again`,
    );
  }
  const { name, iss, nats } = claims;
  return { jwt, seed, publicKey, name, account: nats.issuer_account || iss, tags: nats.tags ?? [] };
}

interface UserClaims {
  readonly sub: string;
  readonly iss: string;
  readonly name: string;
  readonly nats: { readonly issuer_account?: string; readonly tags?: readonly string[] };
}

function claimsOf(jwt: string): UserClaims | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return isUserClaims(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

function isUserClaims(value: unknown): value is UserClaims {
  if (typeof value !== 'object' || value === null) return false;
  const { sub, iss, name, nats } = value as Record<string, unknown>;
  if (typeof sub !== 'string' || typeof iss !== 'string' || typeof name !== 'string') return false;
  if (typeof nats !== 'object' || nats === null) return false;
  const { issuer_account: account, tags } = nats as Record<string, unknown>;
  const tagsFit = tags === undefined || (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'));
  return tagsFit && (account === undefined || typeof account === 'string');
}

/** The value of the one tag `<key>:<value>`; undefined where there is none or more than one. */
export function tagOf(credentials: Pick<Credentials, 'tags'>, key: string): string | undefined {
  const values = credentials.tags.filter((tag) => tag.startsWith(`${key}:`));
  return values.length === 1 ? values[0]?.slice(key.length + 1) : undefined;
}

/** The site that the credentials are for: their one tag `site:<site>`. Throws an Error where there is not exactly one. */
export function siteOf(credentials: Pick<Credentials, 'name' | 'tags'>): string {
  const site = tagOf(credentials, 'site');
  if (site) return site;
  throw new Error(
    `the credentials of "${credentials.name}" need exactly one tag site:<site>, and have ` +
      `${JSON.stringify(credentials.tags)}; they are not those of a Causeway service or gateway`,
  );
}
