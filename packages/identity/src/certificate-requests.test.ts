import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  createIssuingCa,
  createServerKey,
  createServerRequest,
  issueRequested,
  readServerRequest,
} from './certificate-requests.ts';
import { createCa, describeCertificate, loadX509 } from './certificates.ts';
import { openSealed, sealFor, sealingKeys } from './sealed.ts';

const now = 1_800_000_000_000;
const day = 24 * 60 * 60 * 1000;
const random = {
  bytes: (length: number) => webcrypto.getRandomValues(new Uint8Array(length)),
  fraction: () => 0.5,
};

describe('certificate request', () => {
  it('certificate request - is signed by an authority below the fabric’s, for its key and hosts', async () => {
    const root = await createCa({ name: 'Causeway', now, years: 1 });
    const ca = await createIssuingCa({ ca: root, name: 'registry', now });
    const key = await createServerKey();
    const hosts = ['edge-c.example.org', '10.1.2.3', '::1'];
    const request = await readServerRequest(await createServerRequest({ key, hosts }));
    expect(request.hosts).toEqual(hosts);
    const chain = await issueRequested({ ca, request, now, days: 9_999 });
    const [server, issuing] = chain.split(/(?<=-----END CERTIFICATE-----)\n/).map((each) => each.trim());
    const certificate = new X509Certificate(server as string);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.verify(new X509Certificate(issuing as string).publicKey)).toBe(true);
    expect(new X509Certificate(issuing as string).verify(new X509Certificate(root.cert).publicKey)).toBe(
      true,
    );
    // The whole chain is read as the server's.
    expect(describeCertificate(chain)).toMatchObject({ hosts, isCa: false });
    expect(describeCertificate(chain).notAfter).toBeLessThanOrEqual(now + 365 * day);
    expect(describeCertificate(ca.cert)).toMatchObject({
      isCa: true,
      notAfter: describeCertificate(root.cert).notAfter,
    });
    // It signs servers, and no further authorities.
    await expect(createIssuingCa({ ca, name: 'third', now })).rejects.toThrow(RangeError);
  });

  it('certificate request - one that is none, is of another key, or asks for something else is refused', async () => {
    const key = await createServerKey();
    const good = await createServerRequest({ key, hosts: ['edge-c'] });
    const lines = good.split('\n');
    const middle = lines[2] as string;
    const spoilt = good.replace(
      middle,
      middle.replace(/[A-Z]/, (letter) => (letter === 'A' ? 'B' : 'A')),
    );
    for (const pem of ['', 'hello', good.slice(0, 200), spoilt]) {
      await expect(readServerRequest(pem), pem).rejects.toThrow(/the certificate request/);
    }
    await expect(createServerRequest({ key, hosts: [] })).rejects.toThrow(RangeError);
    const many = await createServerRequest({ key, hosts: Array.from({ length: 65 }, (_, n) => `h${n}`) });
    await expect(readServerRequest(many)).rejects.toThrow('names 65 hosts; 64 will do');
    const x509 = await loadX509();
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const asking = async (extensions: InstanceType<typeof x509.Extension>[]) =>
      (
        await x509.Pkcs10CertificateRequestGenerator.create({
          ...{ name: 'CN=edge-c', keys, extensions, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } },
        })
      ).toString('pem');
    await expect(readServerRequest(await asking([]))).rejects.toThrow('names no host');
    const mail = new x509.SubjectAlternativeNameExtension([{ type: 'email', value: 'a@example.org' }]);
    await expect(readServerRequest(await asking([mail]))).rejects.toThrow('something else than host names');
  });
});

describe('sealed', () => {
  it('sealed - is read by the one it is for, and by nobody else; any changed bit is noticed', () => {
    const [own, other] = [sealingKeys(), sealingKeys()];
    const sealed = sealFor(own.publicKey, 'papers', random);
    expect(openSealed(own, sealed)).toBe('papers');
    expect(JSON.stringify(sealed)).not.toContain('papers');
    expect(() => openSealed(other, sealed)).toThrow();
    const data = Buffer.from(sealed.data, 'base64url');
    for (let at = 0; at < data.length; at += 1) {
      const spoilt = Buffer.from(data);
      spoilt[at] = (spoilt[at] as number) ^ 1;
      expect(() => openSealed(own, { ...sealed, data: spoilt.toString('base64url') })).toThrow();
    }
    expect(() => openSealed(own, { ...sealed, data: '' })).toThrow();
    expect(() => sealFor('short', 'papers', random)).toThrow();
  });
});
