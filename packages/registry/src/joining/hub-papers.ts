import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Certificate, describeCertificate, readSecret } from '@causeway/identity';
import { CausewayError } from '@causeway/protocol';
import type { RegistryConfig } from '../config.ts';

/** What a joining site is given besides its own claims. */
export interface HubPapers {
  /** Where clients reach the hub, and where leaf nodes enter it: `tls://host:port`. */
  readonly client: string;
  readonly leaf: string;
  /** SHA-256 of the fabric's authority, hex without colons. */
  readonly ca: string;
}

/** Where the registry finds what it signs sites into the fabric with; read when it is needed. */
export interface SigningPapers {
  hub(): HubPapers;
  /** The operator's JWT, as new servers are to have it. */
  operator(): Promise<string>;
  /** The authority that signs servers (ADR 0013). Throws INVALID_REQUEST where the registry has none. */
  issuingCa(): Promise<Certificate>;
}

/** Creates it for a registry's folder. */
export function createSigningPapers(config: RegistryConfig): SigningPapers {
  const missing = (what: string, remedy: string, cause: unknown) =>
    new CausewayError('INVALID_REQUEST', `this registry has no ${what}, so no site can join: ${remedy}`, {
      cause,
    });
  return {
    hub() {
      if (config.leafUrl === undefined) {
        throw missing(
          'address where leaf nodes enter the hub',
          'start it with causeway run registry, or up',
          undefined,
        );
      }
      const ca = describeCertificate(config.ca).fingerprint.replaceAll(':', '').toLowerCase();
      return { client: config.url, leaf: config.leafUrl, ca };
    },
    async operator() {
      const file = path.join(config.dir, 'operator.jwt');
      const jwt = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw missing(
          'operator.jwt',
          'copy operator/operator.jwt of the fabric’s folder to registry/',
          cause,
        );
      });
      return jwt.trim();
    },
    async issuingCa() {
      const [cert, key] = await Promise.all([
        readFile(path.join(config.dir, 'issuing-ca.pem'), 'utf8'),
        readSecret(path.join(config.dir, 'issuing-ca.key')),
      ]).catch((cause: unknown) => {
        throw missing(
          'authority of its own',
          'docs/identities.md, "The authority", says how a fabric that was founded before gets one',
          cause,
        );
      });
      return { cert, key };
    },
  };
}
