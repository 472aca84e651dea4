import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describeCertificate, readSecret, renewServerCertificate, writeJwt } from '@causeway/identity';
import type { Clock, Logger, Random } from '@causeway/protocol';
import { fabricLayout } from '../layout.ts';
import { certificateDaysOf, type SiteSettings } from '../settings.ts';
import { askForCertificate } from './ask-registry.ts';

const dayMs = 24 * 60 * 60 * 1_000;
/** A certificate is renewed when a third of its life is left; it is looked at some twenty times in its life. */
const renewedAt = 1 / 3;
const looksPerLife = 20;
const longestLookMs = 60 * 60 * 1_000;

/**
 * Sees to it that a site's server has a certificate that is good. It is renewed in time, with the same key: by the
 * fabric's authority where that is in the folder, else by the registry, which the site asks. A certificate that somebody
 * put there is taken up, and one that ends soon for all that is warned of. The server reads it again without cutting a connection: `reload`. Returns the
 * function that ends it.
 */
export function keepCertificate(options: {
  dir: string;
  site: SiteSettings;
  reload: () => void;
  clock: Clock;
  random: Random;
  logger: Logger;
}): () => void {
  const { dir, site, reload, clock, random } = options;
  const logger = options.logger.child({ site: site.site });
  const layout = fabricLayout(dir);
  const file = path.join(layout.site(site.site).nats, 'tls', 'server.pem');
  const keyFile = path.join(layout.site(site.site).nats, 'tls', 'server.key');
  const lifeMs = certificateDaysOf(site) * dayMs;
  /** Fingerprint of the certificate that the server has; the first look finds the one that it started with. */
  let inUse: string | undefined;
  let looking = false;

  /** The authority's certificate and key; undefined where they are kept elsewhere. */
  async function authority() {
    try {
      return { cert: await readFile(layout.ca, 'utf8'), key: await readSecret(layout.caKey) };
    } catch {
      return undefined;
    }
  }

  async function look(): Promise<void> {
    const cert = await readFile(file, 'utf8');
    const { notAfter, fingerprint } = describeCertificate(cert);
    if (inUse !== undefined && inUse !== fingerprint) {
      reload();
      logger.info({ until: new Date(notAfter).toISOString() }, 'new certificate taken up');
    }
    inUse = fingerprint;
    const left = notAfter - clock.now();
    if (left > lifeMs * renewedAt) return;
    const current = { cert, key: await readSecret(keyFile) };
    const renewed = await renew(current, notAfter);
    if (renewed === undefined) return;
    await writeJwt(file, renewed);
    const next = describeCertificate(renewed);
    inUse = next.fingerprint;
    reload();
    logger.info({ until: new Date(next.notAfter).toISOString() }, 'certificate renewed');
  }

  /** By the authority where it is here, else by the registry; undefined, with a warning, where neither will. */
  async function renew(
    current: { cert: string; key: string },
    notAfter: number,
  ): Promise<string | undefined> {
    const days = lifeMs / dayMs;
    const ca = await authority();
    if (ca) {
      const renewed = await renewServerCertificate({ ca, current, now: clock.now(), days, random });
      return `${renewed}${site.cloud ? ca.cert : ''}`;
    }
    try {
      const renewed = await askForCertificate(dir, site, current, days, options);
      return site.cloud ? `${renewed}${await readFile(layout.ca, 'utf8')}` : renewed;
    } catch (err) {
      logger.warn({ err }, 'the registry has not renewed the certificate of this server; trying again');
    }
    const until = new Date(notAfter).toISOString();
    const over = notAfter <= clock.now();
    const what = over
      ? 'the certificate of this server has expired'
      : 'the certificate of this server ends soon';
    logger[over ? 'error' : 'warn'](
      { until, file },
      `${what}, neither the authority’s key is in this folder nor did the registry renew it: renew it where the fabric was founded, and copy it here`,
    );
    return undefined;
  }

  return clock.every(Math.min(longestLookMs, Math.max(1_000, lifeMs / looksPerLife)), () => {
    if (looking) return;
    looking = true;
    look()
      .catch((err: unknown) => logger.error({ err, file }, 'certificate not renewed; trying again'))
      .finally(() => {
        looking = false;
      });
  });
}
