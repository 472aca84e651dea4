import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  accountNames,
  decodeJwt,
  formatCreds,
  issueUser,
  publicKeyOf,
  writeSecret,
} from '@causeway/identity';
import type { Clock } from '@causeway/protocol';
import { createSigner, readCreds } from '@causeway/transport';
import type { GatewayConfig } from '../config.ts';

/** The gateway's user in the edge's own account: the site signs for it, with a key that never left the site. */
export interface OwnUser {
  /** Gives it another key. From then on that one signs blocks. */
  replace(seed: string): Promise<void>;
}

/** What signs blocks: with the seed that is in the gateway's credentials. */
export interface BlockSigner {
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  /** The credentials were replaced. */
  renew(): void;
}

const credsOf = (config: GatewayConfig) => path.join(config.credsDir, 'gateway.creds');

/** Creates it. */
export function createBlockSigner(config: GatewayConfig): BlockSigner {
  const read = () => createSigner(readCreds(credsOf(config)).seed);
  let signer = read();
  return {
    sign: (bytes) => signer.sign(bytes),
    renew() {
      signer = read();
    },
  };
}

/** Opens it; undefined in the cloud, and where the site's own signing key is not here. `renewed` follows each new key. */
export async function openOwnUser(options: {
  config: GatewayConfig;
  clock: Clock;
  renewed: () => Promise<void>;
}): Promise<OwnUser | undefined> {
  const { config, clock, renewed } = options;
  const { site, gateway, cloud, keysDir } = config;
  if (cloud || keysDir === undefined) return undefined;
  const name = accountNames.site(site);
  const signer = await readFile(path.join(keysDir, `${name}.gateway.nk`), 'utf8').catch(() => undefined);
  if (signer === undefined) return undefined;
  return {
    async replace(seed) {
      const file = credsOf(config);
      const current = readCreds(file);
      if (current.seed !== seed) {
        const { issuerAccount } = decodeJwt(current.jwt);
        const { jwt } = await issueUser({
          account: { kind: 'site', name, publicKey: issuerAccount ?? current.account },
          role: 'gateway',
          name: gateway,
          tags: { site },
          key: publicKeyOf(seed),
          signer: signer.trim(),
          now: clock.now(),
        });
        await writeSecret(file, formatCreds(jwt, seed));
      }
      await renewed();
    },
  };
}
