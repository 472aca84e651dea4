import { createHash, createPublicKey, verify } from 'node:crypto';
import { isIP } from 'node:net';
import type { Parsed, Random } from '@causeway/protocol';
import { Prefix } from 'nkeys.js';
import { Codec } from 'nkeys.js/lib/codec.js';
import { createKeys, isPublicKey, type Keys, pairOf } from './keys.ts';

/** What an invitation's one line holds (ADR 0013). Whoever has it can join as that site, until it expires. */
export interface InvitationToken {
  /** Where clients reach the hub: `tls://host:port`. */
  readonly hub: readonly string[];
  /** SHA-256 of the authority's certificate (DER), in hex without colons. */
  readonly ca: string;
  readonly site: string;
  /** Tenants that are to be at the site. */
  readonly tenants: readonly string[];
  /** Names and addresses that the site's certificate may be for. */
  readonly hosts: readonly string[];
  /** When it expires, on the hub's clock: ms since the epoch. */
  readonly expires: number;
  /** The bearer's JWT of role `enrolling`; its name is the grant's id. */
  readonly jwt: string;
  /** Secret: an NKey seed, of which the registry keeps no more than a hash of the public half. */
  readonly secret: string;
}

const prefix = 'causeway1';
const sumLength = 10;

/** The secret of an invitation, and what is kept of it. */
export function createInvitationSecret(random: Random): Keys & { readonly verifier: string } {
  const keys = createKeys('user', random);
  return { ...keys, verifier: verifierOf(keys.publicKey) };
}

/** What the registry keeps of an invitation's secret: SHA-256 of its public half, hex. */
function verifierOf(publicKey: string): string {
  return createHash('sha256').update(`causeway invitation ${publicKey}`).digest('hex');
}

/** Signs a message with an invitation's secret: shows that the sender has it, and no more. */
export function proveInvitation(secret: string, message: Uint8Array): { key: string; signature: string } {
  const pair = pairOf(secret);
  return { key: pair.getPublicKey(), signature: Buffer.from(pair.sign(message)).toString('base64url') };
}

/** DER of an Ed25519 public key (RFC 8410), up to its 32 bytes. */
const spki = Buffer.from('302a300506032b6570032100', 'hex');

/** Whether a proof is one of this message by the secret that the verifier was made of. Never throws. */
export function isInvitationProof(
  verifier: string,
  message: Uint8Array,
  proof: { readonly key: string; readonly signature: string },
): boolean {
  if (!isPublicKey('user', proof.key) || verifierOf(proof.key) !== verifier) return false;
  const raw = Codec.decode(Prefix.User, new TextEncoder().encode(proof.key));
  const key = createPublicKey({ key: Buffer.concat([spki, raw]), format: 'der', type: 'spki' });
  const signature = Buffer.from(proof.signature, 'base64url');
  return signature.length === 64 && verify(null, message, key, signature);
}

const sumOf = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, sumLength);

/** One line: `causeway1.<what is in it>.<JWT>.<checksum>`. */
export function formatInvitation(token: InvitationToken): string {
  const { jwt, ...rest } = token;
  const head = Buffer.from(JSON.stringify(rest)).toString('base64url');
  const text = `${prefix}.${head}.${jwt}`;
  return `${text}.${sumOf(text)}`;
}

/** Reads an invitation; white space in it, such as a mail's line ends, is passed over. No fault repeats any of it. */
export function parseInvitation(text: string): Parsed<InvitationToken> {
  const line = text.replace(/\s+/g, '');
  const fault = (problem: string): Parsed<InvitationToken> => ({ fault: { pointer: '', problem } });
  if (line === '') return fault('is empty; give the whole line that causeway site invite printed');
  const version = /^causeway(\d+)\./.exec(line)?.[1];
  if (version === undefined) {
    return fault(
      'is no invitation: one begins with "causeway1."; give the whole line that causeway site invite printed',
    );
  }
  if (version !== '1')
    return fault(`is of version ${version}; this version of Causeway reads 1: use a newer one`);
  const end = line.lastIndexOf('.');
  const body = line.slice(0, end);
  const parts = body.split('.');
  if (parts.length !== 5 || sumOf(body) !== line.slice(end + 1)) {
    return fault('is cut off or mistyped: its checksum does not fit; copy the whole line again');
  }
  const [, head = '', ...jwt] = parts;
  try {
    const rest = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as Omit<InvitationToken, 'jwt'>;
    const token = { ...rest, jwt: jwt.join('.') };
    return isWhole(token) ? { value: token } : fault('holds something else than an invitation does');
  } catch {
    return fault('holds something else than an invitation does');
  }
}

const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

function isWhole(token: InvitationToken): boolean {
  const { hub, ca, site, tenants, hosts, expires, secret } = token as Partial<InvitationToken>;
  return (
    areTexts(hub) &&
    hub.length > 0 &&
    hub.every((url) => /^tls:\/\/[^/]+:\d+$/.test(url)) &&
    typeof ca === 'string' &&
    /^[0-9a-f]{64}$/.test(ca) &&
    typeof site === 'string' &&
    areTexts(tenants) &&
    areTexts(hosts) &&
    typeof expires === 'number' &&
    typeof secret === 'string' &&
    /^SU[A-Z2-7]{56}$/.test(secret)
  );
}

/** Hosts that any site's certificate may be for: they lead nowhere but to the machine itself. */
export const ownMachine: readonly string[] = ['localhost', '127.0.0.1', '::1'];

const dnsName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** A host in the one form by which it is compared: names in lower case, addresses as short as they can be. */
export function canonicalHost(host: string): string {
  if (isIP(host) !== 6) return host.toLowerCase();
  return new URL(`http://[${host}]`).hostname.slice(1, -1);
}

/** Says what is wrong with a host, or undefined: a name of DNS (RFC 1123 §2.1), without wildcards, or an address. */
export function hostFault(text: string): string | undefined {
  if (isIP(text) !== 0 || (text.length <= 253 && dnsName.test(text))) return undefined;
  return `${JSON.stringify(text)} is no host name or address`;
}
