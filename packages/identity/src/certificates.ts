import { createPrivateKey, createPublicKey, KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Random } from '@causeway/protocol';
import { canonicalHost } from './invitations.ts';

/** A certificate with its key, both PEM. */
export interface Certificate {
  readonly cert: string;
  /** Secret: PKCS #8. */
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateDescription {
  readonly subject: string;
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /** SHA-256 of the DER, in hex with colons. */
  readonly fingerprint: string;
  /** DNS names and IP addresses that it is good for. */
  readonly hosts: readonly string[];
  readonly isCa: boolean;
}

export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' };
export const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
const day = 24 * 60 * 60 * 1000;
/** Certificates begin earlier, since the clocks of sites differ. */
export const backdated = 60 * 60 * 1000;

/** Loaded when a certificate is made: it takes some 10 MB, and gateways and the registry make none. */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  // First: what the next one needs at once.
  await import('./reflect-metadata.ts');
  return import('@peculiar/x509');
}

/** Makes the fabric's own certificate authority: it signs servers, and one level of authorities that do (ADR 0013). */
export async function createCa(options: {
  /** The fabric's name, for people. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly years: number;
  /** For the serial number; the system's where absent. Keys always come from WebCrypto. */
  readonly random?: Random;
}): Promise<Certificate> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    ...serialNumber(options.random),
    name: [{ CN: [options.name] }],
    notBefore: new Date(options.now - backdated),
    notAfter: new Date(options.now + options.years * 365 * day),
    signingAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false),
    ],
  });
  return { cert: `${cert.toString('pem')}\n`, key: keyPem(keys.privateKey) };
}

/**
 * Issues a certificate for a server, good for each of `hosts` (DNS names, IP addresses; at least one). It
 * never outlives its authority. Throws a RangeError without hosts, or where the authority has ended.
 */
export async function issueServerCertificate(options: {
  readonly ca: Certificate;
  readonly hosts: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly days: number;
  /** For the serial number; the system's where absent. */
  readonly random?: Random;
}): Promise<Certificate> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const cert = await signServer({ ...options, publicKey: keys.publicKey });
  return { cert, key: keyPem(keys.privateKey) };
}

/**
 * A new certificate for the same key and hosts: one file is replaced, and nothing can be left half-way. PEM. Rejects with a
 * RangeError where the one to renew is not of this authority, or of another key: hosts that the authority never gave are
 * not had by writing them into a file.
 */
export async function renewServerCertificate(options: {
  readonly ca: Certificate;
  readonly current: Certificate;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly days: number;
  readonly random?: Random;
}): Promise<string> {
  const { current, ...rest } = options;
  const standing = new X509Certificate(current.cert);
  if (!standing.verify(new X509Certificate(rest.ca.cert).publicKey)) {
    throw new RangeError(
      'the certificate to renew was not issued by this authority; renew it where it comes from, and put it in place',
    );
  }
  if (!standing.checkPrivateKey(createPrivateKey(current.key))) {
    throw new RangeError('the certificate to renew belongs to another key than the one beside it');
  }
  const publicKey = await importPublicKey(current.key);
  return signServer({ ...rest, hosts: describeCertificate(current.cert).hosts, publicKey });
}

export async function signServer(options: {
  readonly ca: Certificate;
  readonly hosts: readonly string[];
  readonly now: number;
  readonly days: number;
  readonly publicKey: webcrypto.CryptoKey;
  readonly random?: Random;
}): Promise<string> {
  const { publicKey } = options;
  const [first] = options.hosts;
  if (first === undefined)
    throw new RangeError('a server certificate needs at least one host name or address');
  const x509 = await loadX509();
  const ca = new x509.X509Certificate(options.ca.cert);
  const notAfter = Math.min(options.now + options.days * day, ca.notAfter.getTime());
  if (notAfter <= options.now) {
    throw new RangeError(`the certificate authority ended at ${ca.notAfter.toISOString()}; make a new one`);
  }
  const cert = await x509.X509CertificateGenerator.create({
    ...serialNumber(options.random),
    // A common name has 64 characters at most; names are checked against the list of hosts alone.
    subject: [{ CN: [first.slice(0, 64)] }],
    issuer: ca.subjectName,
    notBefore: new Date(Math.max(options.now - backdated, ca.notBefore.getTime())),
    notAfter: new Date(notAfter),
    signingAlgorithm,
    publicKey,
    signingKey: await importKey(options.ca.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        options.hosts.map((host) => ({
          type: isIP(host) ? ('ip' as const) : ('dns' as const),
          value: host,
        })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(publicKey, false),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey, false),
    ],
  });
  return `${cert.toString('pem')}\n`;
}

/** Reads a PEM certificate. Throws where it is none. */
export function describeCertificate(pem: string): CertificateDescription {
  const certificate = new X509Certificate(pem);
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    fingerprint: certificate.fingerprint256,
    hosts: names.map((name) => canonicalHost(name.replace(/^(?:DNS|IP Address):/, ''))),
    isCa: certificate.ca,
  };
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets. */
export function serialNumber(random: Random | undefined): { serialNumber?: string } {
  if (!random) return {};
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return { serialNumber: Buffer.from(bytes).toString('hex') };
}

export function keyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }) as string;
}

export function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, false, ['sign']);
}

/** The public half of a key. */
export function importPublicKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return webcrypto.subtle.importKey('spki', der, keyAlgorithm, true, ['verify']);
}
