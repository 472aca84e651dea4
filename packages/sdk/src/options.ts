import { readFileSync } from 'node:fs';
import { type Clock, type Logger, nameFault, type Random } from '@causeway/protocol';
import {
  createLogger,
  credentialsOf,
  type JwtAndSeed,
  readCreds,
  siteOf,
  systemClock,
  systemRandom,
  tagOf,
} from '@causeway/transport';
import type { Identity } from './types.ts';

/** Where and as whom to connect. What is absent is taken from the environment. */
export interface ConnectOptions {
  /** `tls://host:port` of the site's own server; CAUSEWAY_URL where absent. */
  readonly url?: string | readonly string[];
  /** Path of a `.creds` file, or a JWT and its seed; CAUSEWAY_CREDS where absent. */
  readonly creds?: string | JwtAndSeed;
  /** The fabric's CA, as a path or as PEM text; CAUSEWAY_CA where absent. */
  readonly ca?: string;
  /** True: wait for a server that cannot be reached yet; otherwise `connect` then rejects. */
  readonly waitOnFirstConnect?: boolean;
  /** Ends the waiting of `waitOnFirstConnect`. */
  readonly signal?: AbortSignal;
  /** Warnings to standard error where absent. */
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly env?: NodeJS.ProcessEnv;
}

/** The options with everything filled in. */
export interface Settings {
  readonly servers: readonly string[];
  readonly creds: string | JwtAndSeed;
  /** PEM text. */
  readonly ca: string;
  readonly identity: Identity;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** Fills in the options. Throws an Error that says what is missing or wrong, and what to do. */
export function settingsOf(options: ConnectOptions): Settings {
  const env = options.env ?? process.env;
  const url = options.url ?? env.CAUSEWAY_URL;
  const creds = options.creds ?? env.CAUSEWAY_CREDS;
  const ca = options.ca ?? env.CAUSEWAY_CA;
  if (!url?.length) throw missing('url', 'CAUSEWAY_URL', 'tls://host:port of the site’s server');
  if (!creds) throw missing('creds', 'CAUSEWAY_CREDS', 'the path of a .creds file');
  if (!ca) throw missing('ca', 'CAUSEWAY_CA', 'the path of the fabric’s ca.pem');
  return {
    servers: typeof url === 'string' ? url.split(',') : url,
    creds,
    ca: caText(ca),
    identity: identityOf(creds),
    logger: options.logger ?? createLogger({ component: 'sdk', level: 'warn' }),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  };
}

function missing(option: string, variable: string, what: string): Error {
  return new Error(`connect needs ${option}: ${what}, given as an option or in ${variable}`);
}

function caText(ca: string): string {
  if (ca.includes('-----BEGIN CERTIFICATE-----')) return ca;
  let text: string;
  try {
    text = readFileSync(ca, 'utf8');
  } catch (cause) {
    throw new Error(`the CA file ${ca} cannot be read; give the path of the fabric’s ca.pem`, { cause });
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new Error(`${ca} holds no PEM certificate; give the path of the fabric’s ca.pem`);
}

function identityOf(creds: string | JwtAndSeed): Identity {
  const credentials = typeof creds === 'string' ? readCreds(creds) : credentialsOf(creds);
  const site = siteOf(credentials);
  const tenant = tagOf(credentials, 'tenant');
  const fault = nameFault('site', site) ?? nameFault('service', credentials.name);
  if (fault !== undefined) throw new Error(`these are not the credentials of a service: ${fault}`);
  return { ...(tenant === undefined ? {} : { tenant }), site, service: credentials.name };
}
