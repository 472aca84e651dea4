import { get } from 'node:http';
import type { SiteSettings } from '../settings.ts';

const answerMs = 2_000;

/** The operator's signing keys that a running server trusts, as its own monitor page has them; none where it does not answer. */
export async function trustedSigningKeys(site: Pick<SiteSettings, 'ports'>): Promise<readonly string[]> {
  const page = await readJson(`http://127.0.0.1:${site.ports.monitor}/varz`);
  const claims = (page as { trusted_operators_claim?: { nats?: { signing_keys?: string[] } }[] } | undefined)
    ?.trusted_operators_claim;
  return (claims ?? []).flatMap(({ nats }) => nats?.signing_keys ?? []);
}

/** A page of a server's monitor; undefined where there is none in time. */
export function readJson(url: string): Promise<unknown> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: answerMs }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('error', () => resolve(undefined));
      response.on('end', () => {
        try {
          resolve(JSON.parse(text));
        } catch {
          resolve(undefined);
        }
      });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}
