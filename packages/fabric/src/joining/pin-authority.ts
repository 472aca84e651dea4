import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import type { Clock } from '@causeway/protocol';
import { FabricError } from '../settings.ts';

const patienceMs = 5_000;

/** Resolves with the certificates that a server shows, its own first: DER. Nothing is said to it but what TLS begins with. */
function shownBy(url: URL, clock: Pick<Clock, 'after'>): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({
      ...{ host, port: Number(url.port) },
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // Nobody is believed here: what is wanted is the authority that the invitation names, and only that is taken.
      rejectUnauthorized: false,
    });
    const cancel = clock.after(patienceMs, () =>
      socket.destroy(new Error(`no answer within ${patienceMs} ms`)),
    );
    socket.once('error', (error) => {
      cancel();
      reject(error);
    });
    socket.once('secureConnect', () => {
      cancel();
      const shown: Buffer[] = [];
      let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
      // The last one refers to itself.
      while (at?.raw && !shown.some((each) => each.equals(at?.raw as Buffer))) {
        shown.push(at.raw);
        at = at.issuerCertificate;
      }
      socket.destroy();
      resolve(shown);
    });
  });
}

const pem = (der: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

/** The hub, once it has shown the authority that an invitation names. */
export interface PinnedHub {
  /** `tls://host:port` */
  readonly url: string;
  /** PEM. */
  readonly ca: string;
}

/**
 * Finds the hub of an invitation at one of its addresses, by the fingerprint of its authority (SHA-256, hex). Nothing is
 * sent to anybody else, and from then on that authority alone is trusted. Throws a FabricError.
 */
export async function pinAuthority(
  hub: readonly string[],
  fingerprint: string,
  { clock, sha256 }: { clock: Pick<Clock, 'after'>; sha256: (der: Uint8Array) => string },
): Promise<PinnedHub> {
  const failures: string[] = [];
  for (const url of hub) {
    try {
      const shown = await shownBy(new URL(url), clock);
      const authority = shown.find((der) => sha256(der) === fingerprint);
      if (authority) return { url, ca: pem(authority) };
      failures.push(
        `${url} does not show the authority of this invitation: it is of another fabric, or somebody is in between`,
      );
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      failures.push(
        `${url} cannot be reached (${code ?? message}): is the hub up, and may this machine connect to it?`,
      );
    }
  }
  throw new FabricError(failures.join('; '));
}
