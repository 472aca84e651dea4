import { toConf } from './to-conf.ts';

const defaultCaFile = './tls/ca.pem';

/** One leaf-node link of an edge to the hub. */
export interface LeafRemote {
  /** Where the hub accepts leaf nodes: `tls://host:port`, one for each server of a hub that is a cluster. */
  readonly urls: readonly string[];
  /** Public key of the account here that the link is bound to. */
  readonly localAccount: string;
  /** Credentials file of the hub's leaf user, relative to the server's folder: `./creds/acme.leaf.creds`. */
  readonly credentials: string;
  /** The CA that signed the hub's certificate, relative to the server's folder. Default `./tls/ca.pem`. */
  readonly caFile?: string;
}

/** The text of `remotes.conf`, which `edge.conf` includes. Throws a RangeError for a URL that is not TLS. */
export function remotesConf(remotes: readonly LeafRemote[]): string {
  for (const url of remotes.flatMap((remote) => remote.urls)) {
    if (!/^tls:\/\/[^/\s]+:\d+$/.test(url)) {
      throw new RangeError(
        `leaf URL ${JSON.stringify(url)} must be tls://host:port; links are never plaintext`,
      );
    }
  }
  return `# Generated: the links of this site to the hub. One for each tenant, and one for the site itself.\n${toConf(
    {
      remotes: remotes.map((remote) => ({
        urls: remote.urls,
        account: remote.localAccount,
        credentials: remote.credentials,
        compression: 'off',
        // The hub's say on where else it may be found is not taken.
        ignore_discovered_servers: true,
        tls: { ca_file: remote.caFile ?? defaultCaFile, handshake_first: true, timeout: 5 },
      })),
    },
  )}`;
}

/** Takes a `remotes.conf` that `remotesConf` wrote apart again. Throws an Error for one that it did not write. */
export function readRemotes(text: string): LeafRemote[] {
  const strings = (part: string) => [...part.matchAll(/"([^"\\]*)"/g)].map(([, value = '']) => value);
  const found = text.split(/\burls: /).slice(1);
  return found.map((part) => {
    const urls = strings(/^\[([^\]]*)\]/.exec(part)?.[1] ?? '');
    const localAccount = /\baccount: "([^"]*)"/.exec(part)?.[1];
    const credentials = /\bcredentials: "([^"]*)"/.exec(part)?.[1];
    const caFile = /\bca_file: "([^"]*)"/.exec(part)?.[1];
    if (urls.length === 0 || !localAccount || !credentials || !caFile) {
      throw new Error(
        'remotes.conf is not as Causeway writes it; causeway site restore makes the site again',
      );
    }
    return { urls, localAccount, credentials, ...(caFile === defaultCaFile ? {} : { caFile }) };
  });
}
