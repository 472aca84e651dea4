import type { Logger } from '@causeway/protocol';
import { type DestinationStream, destination, type Level, pino } from 'pino';

/** Where a logger writes and what it leaves out. */
export interface LoggerOptions {
  /** The part of the program that speaks: `gateway`, `registry`, `sdk` … */
  readonly component: string;
  /** Lowest level written; `info` where absent. */
  readonly level?: Level | 'silent';
  /** Standard error where absent: standard output belongs to what a command prints. */
  readonly destination?: DestinationStream;
}

const secretFields = ['seed', 'jwt', 'creds', 'credentials', 'password', 'authorization', 'privateKey'];

/**
 * A pino logger that writes JSON lines in which no secret can stand: fields of such names are left out
 * whole, and seeds, private keys and JWTs are masked wherever in a line they turn up.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { component, level = 'info' } = options;
  return pino(
    {
      level,
      base: { component },
      redact: {
        paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
      hooks: { streamWrite: maskSecrets },
    },
    options.destination ?? destination({ dest: 2, sync: true }),
  );
}

const secrets: readonly (readonly [RegExp, string])[] = [
  [/(?<![A-Z2-7])S[ACNOUX][A-Z2-7]{56}(?![A-Z2-7])/g, '[seed]'],
  [/(?<![A-Z2-7])P[A-Z2-7]{107}(?![A-Z2-7])/g, '[private key]'],
  [/eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, '[jwt]'],
  [/-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\w+/=\\\s]*(?:-----END \1PRIVATE KEY-----)?/g, '[private key]'],
];

/** A text with every NKey seed, NKey private key, JWT and PEM private key in it masked. */
export function maskSecrets(text: string): string {
  return secrets.reduce((masked, [pattern, mask]) => masked.replace(pattern, mask), text);
}
