/**
 * The kinds of token a subject is made of. `site`, `service` and the like are all names; they are told
 * apart only where reserved words matter.
 */

/** Names that no tenant, site, service or gateway may have: they stand for something else in a subject. */
export const reservedNames: ReadonlySet<string> = new Set([
  'any',
  'gateway',
  'registry',
  'broker',
  'admin',
  'ops',
  'enroll',
  'sys',
]);

const name = /^[a-z0-9-]{1,63}$/;
const endpoint = /^[A-Za-z0-9-]{1,63}$/;
const token = /^[A-Za-z0-9_-]{1,64}$/;
const major = /^(0|[1-9]\d{0,3})$/;

/** What each kind of token admits, as a test of the text between two dots. */
export const tokenKinds = {
  /** A tenant, site, service or gateway. */
  name: (text: string) => name.test(text) && !reservedNames.has(text),
  /** A serving site, or `any` for anycast. */
  target: (text: string) => text === 'any' || (name.test(text) && !reservedNames.has(text)),
  /** A tenant, or `any` for the fabric itself. */
  scope: (text: string) => text === 'any' || (name.test(text) && !reservedNames.has(text)),
  /** The holder of an inbox: a service, or the site's own gateway. */
  holder: (text: string) => text === 'gateway' || (name.test(text) && !reservedNames.has(text)),
  /** The gateway that signs a chain of blocks; the registry signs those of class `admin`. */
  signer: (text: string) => text === 'registry' || (name.test(text) && !reservedNames.has(text)),
  /** An operation, event, class or metric. */
  word: (text: string) => name.test(text),
  /** May be camelCase. */
  endpoint: (text: string) => endpoint.test(text),
  /** A connection, a call or a grant: unguessable where it matters. */
  token: (text: string) => token.test(text),
  /** A major version, without the `v`. */
  major: (text: string) => major.test(text),
} as const;

/** Name of a kind of token. */
export type TokenKind = keyof typeof tokenKinds;

/** True for a tenant, site, service, gateway, policy or instance name: `[a-z0-9-]{1,63}`, not reserved. */
export function isName(text: string): boolean {
  return tokenKinds.name(text);
}

/** True for an endpoint's name: `[A-Za-z0-9-]{1,63}`. */
export function isEndpoint(text: string): boolean {
  return tokenKinds.endpoint(text);
}

/** True for a connection or call token: `[A-Za-z0-9_-]{1,64}`. */
export function isToken(text: string): boolean {
  return tokenKinds.token(text);
}

/** Says what is wrong with a name, or undefined where it is a good one. */
export function nameFault(what: string, text: string): string | undefined {
  if (reservedNames.has(text)) return `${what} "${text}" is a reserved word; choose another name`;
  if (!name.test(text)) {
    return `${what} ${JSON.stringify(text)} must be 1 to 63 characters of a-z, 0-9 and "-"`;
  }
  return undefined;
}
