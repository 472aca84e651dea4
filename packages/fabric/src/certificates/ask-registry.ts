import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createServerRequest, describeCertificate } from '@causeway/identity';
import { type Clock, encodeJson, type Logger, type Random, readReply } from '@causeway/protocol';
import { connectNats, createReplyMux } from '@causeway/transport';
import { fabricLayout } from '../layout.ts';
import { FabricError, type SiteSettings, siteUrl } from '../settings.ts';

const requestMs = 10_000;

/**
 * Has the registry sign a new certificate for the key and the hosts of the one that a site's server has. Asked as the
 * site's gateway, over the site's own link. Resolves with the PEM; rejects where the registry does not answer or refuses.
 */
export async function askForCertificate(
  dir: string,
  site: SiteSettings,
  current: { cert: string; key: string },
  days: number,
  ports: { clock: Clock; random: Random; logger: Logger },
): Promise<string> {
  const { clock, random, logger } = ports;
  const layout = fabricLayout(dir).site(site.site);
  const inbox = `_INBOX.${site.site}.gateway.${site.gateway}`;
  const connection = await connectNats({
    servers: siteUrl(site),
    ca: await readFile(layout.ca, 'utf8'),
    credentials: path.join(layout.creds, 'gateway.creds'),
    inboxPrefix: inbox,
    ...{ name: `certificate of ${site.site}`, random, logger },
  });
  const mux = createReplyMux({ connection, prefix: inbox, clock, random });
  try {
    const { hosts } = describeCertificate(current.cert);
    const request = {
      gateway: site.gateway,
      certificate: await createServerRequest({ key: current.key, hosts }),
      certificateDays: days,
    };
    const subject = `control.${site.site}.certificate`;
    const reply = await mux.request(subject, encodeJson(request), { timeoutMs: requestMs });
    const parsed = readReply('CertificateReply', reply.data);
    if (parsed.fault) throw new FabricError('the registry answered with something else than a certificate');
    return parsed.value.certificate;
  } finally {
    mux.close();
    await connection.close();
  }
}
