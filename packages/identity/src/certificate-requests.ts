import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { Random } from '@causeway/protocol';
import {
  backdated,
  type Certificate,
  importKey,
  importPublicKey,
  keyAlgorithm,
  keyPem,
  loadX509,
  serialNumber,
  signingAlgorithm,
  signServer,
} from './certificates.ts';
import { canonicalHost } from './invitations.ts';

/**
 * Makes an authority that signs servers, below the fabric's own, so that the key of that one can be kept elsewhere. It
 * ends when that one does. Throws a RangeError where the fabric's own may have none below it.
 */
export async function createIssuingCa(options: {
  readonly ca: Certificate;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly random?: Random;
}): Promise<Certificate> {
  const x509 = await loadX509();
  const root = new x509.X509Certificate(options.ca.cert);
  const constraints = root.getExtension(x509.BasicConstraintsExtension);
  if (constraints?.pathLength === 0) {
    throw new RangeError('this authority was made to have no other below it');
  }
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.create({
    ...serialNumber(options.random),
    subject: [{ CN: [options.name] }],
    issuer: root.subjectName,
    notBefore: new Date(Math.max(options.now - backdated, root.notBefore.getTime())),
    notAfter: root.notAfter,
    signingAlgorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(options.ca.key),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false),
      await x509.AuthorityKeyIdentifierExtension.create(root.publicKey, false),
    ],
  });
  return { cert: `${cert.toString('pem')}\n`, key: keyPem(keys.privateKey) };
}

/** A new key for a server, PEM: it stays where it was made. */
export async function createServerKey(): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  return keyPem(keys.privateKey);
}

/** Asks for a certificate of a server, for its key and these hosts (at least one): PKCS #10, PEM. */
export async function createServerRequest(options: {
  /** Secret: PEM. */
  readonly key: string;
  readonly hosts: readonly string[];
}): Promise<string> {
  const { key, hosts } = options;
  const [first] = hosts;
  if (first === undefined)
    throw new RangeError('a server certificate needs at least one host name or address');
  const x509 = await loadX509();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [first.slice(0, 64)] }],
    keys: { privateKey: await importKey(key), publicKey: await importPublicKey(key) },
    signingAlgorithm,
    extensions: [new x509.SubjectAlternativeNameExtension(hosts.map(generalName))],
  });
  return `${request.toString('pem')}\n`;
}

/** What somebody asks a certificate for. */
export interface ServerRequest {
  readonly hosts: readonly string[];
  readonly publicKey: webcrypto.CryptoKey;
}

/**
 * Reads such a request and checks that who sent it has the key. Throws a RangeError that says what is wrong: it comes
 * from outside. Of what it asks for only the names and the key are taken.
 */
export async function readServerRequest(pem: string): Promise<ServerRequest> {
  const x509 = await loadX509();
  let hosts: string[];
  let publicKey: webcrypto.CryptoKey;
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    if (!(await request.verify())) throw new RangeError('its signature is not of its key');
    const names = request.extensions.flatMap((each) =>
      each instanceof x509.SubjectAlternativeNameExtension ? each.names.items : [],
    );
    if (names.some(({ type }) => type !== 'dns' && type !== 'ip')) {
      throw new RangeError('it asks for something else than host names and addresses');
    }
    hosts = names.map(({ value }) => canonicalHost(value));
    publicKey = await request.publicKey.export(keyAlgorithm, ['verify']);
  } catch (cause) {
    const why =
      cause instanceof RangeError ? cause.message : 'it is no PKCS #10 request of a key on curve P-256';
    throw new RangeError(`the certificate request will not do: ${why}`, { cause });
  }
  if (hosts.length === 0) throw new RangeError('the certificate request names no host');
  if (hosts.length > mostHosts)
    throw new RangeError(`the certificate request names ${hosts.length} hosts; ${mostHosts} will do`);
  return { hosts, publicKey };
}

const mostHosts = 64;
const longestDays = 825;

/** Issues what such a request asks for, with the certificates up to the fabric's own authority: PEM. */
export async function issueRequested(options: {
  readonly ca: Certificate;
  readonly request: ServerRequest;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** At most 825. */
  readonly days: number;
  readonly random?: Random;
}): Promise<string> {
  const { request, ca, days, ...rest } = options;
  const cert = await signServer({ ...rest, ...request, ca, days: Math.min(days, longestDays) });
  return `${cert}${ca.cert}`;
}

const generalName = (host: string) => ({
  type: isIP(host) ? ('ip' as const) : ('dns' as const),
  value: host,
});
