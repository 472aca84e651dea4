import './reflect-metadata.ts';

import { createPrivateKey, sign, verify, X509Certificate } from 'node:crypto';
import { BasicConstraintsExtension, X509Certificate as Parsed } from '@peculiar/x509';
import { expect, test } from 'vitest';
import {
  createCa,
  describeCertificate,
  issueServerCertificate,
  renewServerCertificate,
} from './certificates.ts';
import { countingRandom, someTime } from './test-support.ts';

const day = 24 * 60 * 60 * 1000;
const hosts = ['hub.example.org', 'localhost', '127.0.0.1', '::1'];

test('certificates - a server’s certificate is verified by its authority alone', async () => {
  const ca = await createCa({ name: 'demo', now: someTime, years: 10 });
  const other = await createCa({ name: 'demo', now: someTime, years: 10 });
  const server = await issueServerCertificate({ ca, hosts, now: someTime, days: 90 });
  const certificate = new X509Certificate(server.cert);
  expect(certificate.checkIssued(new X509Certificate(ca.cert))).toBe(true);
  expect(certificate.verify(new X509Certificate(ca.cert).publicKey)).toBe(true);
  expect(certificate.verify(new X509Certificate(other.cert).publicKey)).toBe(false);
  expect(new X509Certificate(ca.cert).verify(new X509Certificate(ca.cert).publicKey)).toBe(true);
});

test('certificates - one is renewed for its own hosts and key, and none that the authority did not issue', async () => {
  const [ca, other] = await Promise.all(
    [0, 1].map(() => createCa({ name: 'demo', now: someTime, years: 10 })),
  );
  if (!ca || !other) throw new Error('both are there');
  const current = await issueServerCertificate({
    ca,
    hosts: ['edge-a.example.org'],
    now: someTime,
    days: 90,
  });
  const around = { ca, now: someTime + 60 * day, days: 90 };
  const renewed = describeCertificate(await renewServerCertificate({ ...around, current }));
  expect(renewed).toMatchObject({ hosts: ['edge-a.example.org'], isCa: false });
  expect(renewed.notAfter).toBeGreaterThan(describeCertificate(current.cert).notAfter + 59 * day);
  // Whoever can write into a site's folder puts another site's name there, by an authority of his own.
  const forged = await issueServerCertificate({ ca: other, hosts, now: someTime, days: 90 });
  await expect(renewServerCertificate({ ...around, current: forged })).rejects.toThrow(
    'was not issued by this authority',
  );
  const mixed = { cert: current.cert, key: forged.key };
  await expect(renewServerCertificate({ ...around, current: mixed })).rejects.toThrow('another key');
});

test('certificates - key and certificate belong together', async () => {
  const ca = await createCa({ name: 'demo', now: someTime, years: 10 });
  const server = await issueServerCertificate({ ca, hosts, now: someTime, days: 90 });
  for (const { cert, key } of [ca, server]) {
    expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true);
    const signature = sign('sha256', Buffer.from('text'), key);
    expect(verify('sha256', Buffer.from('text'), new X509Certificate(cert).publicKey, signature)).toBe(true);
    expect(createPrivateKey(key).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  }
});

test('certificates - are good for the hosts named, and for no other', async () => {
  const ca = await createCa({ name: 'demo', now: someTime, years: 10 });
  const { cert } = await issueServerCertificate({ ca, hosts, now: someTime, days: 90 });
  const certificate = new X509Certificate(cert);
  expect(certificate.checkHost('hub.example.org')).toBe('hub.example.org');
  expect(certificate.checkHost('evil.example.org')).toBeUndefined();
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkIP('::1')).toBe('::1');
  expect(certificate.checkIP('127.0.0.2')).toBeUndefined();
  const long = `${'a'.repeat(63)}.example.org`;
  const { cert: second } = await issueServerCertificate({ ca, hosts: [long], now: someTime, days: 90 });
  expect(new X509Certificate(second).checkHost(long)).toBe(long);
});

test('certificates - say what they may be used for', async () => {
  const ca = await createCa({ name: 'demo', now: someTime, years: 10 });
  const server = await issueServerCertificate({ ca, hosts, now: someTime, days: 90 });
  expect(new X509Certificate(server.cert).keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(describeCertificate(server.cert).isCa).toBe(false);
  expect(describeCertificate(ca.cert).isCa).toBe(true);
  const extensions = (pem: string) =>
    new Parsed(pem).extensions.map(({ type, critical }) => `${type}${critical ? '!' : ''}`);
  // basicConstraints, keyUsage, extKeyUsage, subjectAltName, subjectKeyIdentifier, authorityKeyIdentifier
  expect(extensions(ca.cert)).toEqual(['2.5.29.19!', '2.5.29.15!', '2.5.29.14']);
  expect(extensions(server.cert)).toEqual([
    '2.5.29.19!',
    '2.5.29.15!',
    '2.5.29.37',
    '2.5.29.17',
    '2.5.29.14',
    '2.5.29.35',
  ]);
  expect(new Parsed(ca.cert).getExtension(BasicConstraintsExtension)?.pathLength).toBe(1);
});

test('certificates - last as long as asked, by the clock passed in, and never longer than the authority', async () => {
  const ca = await createCa({ name: 'demo', now: someTime, years: 1 });
  const issue = (now: number, days: number) => issueServerCertificate({ ca, hosts, now, days });
  const seconds = (time: number) => Math.floor(time / 1000) * 1000;
  const short = describeCertificate((await issue(someTime, 90)).cert);
  expect(short.notAfter).toBe(seconds(someTime + 90 * day));
  expect(short.notBefore).toBeLessThan(someTime);
  const long = describeCertificate((await issue(someTime, 9000)).cert);
  expect(long.notAfter).toBe(describeCertificate(ca.cert).notAfter);
  await expect(issue(someTime + 366 * day, 1)).rejects.toThrow('make a new one');
  await expect(issueServerCertificate({ ca, hosts: [], now: someTime, days: 1 })).rejects.toThrow(RangeError);
});

test('certificates - a description names hosts, fingerprint and authority', async () => {
  const ca = await createCa({ name: 'demo fabric', now: someTime, years: 10, random: countingRandom() });
  const { cert } = await issueServerCertificate({
    ca,
    hosts,
    now: someTime,
    days: 90,
    random: countingRandom(99),
  });
  const description = describeCertificate(cert);
  expect(description).toMatchObject({ subject: 'CN=hub.example.org', issuer: 'CN=demo fabric' });
  expect(description.hosts).toEqual(['hub.example.org', 'localhost', '127.0.0.1', '::1']);
  expect(description.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  expect(new X509Certificate(cert).serialNumber).not.toBe(new X509Certificate(ca.cert).serialNumber);
});
