import path from 'node:path';
import { type Certificate, createIssuingCa, writeJwt, writeSecret } from '@causeway/identity';
import type { Random } from '@causeway/protocol';
import { fabricLayout } from '../layout.ts';

/**
 * Gives the registry an authority of its own, below the fabric's: it signs the servers of sites that join, and the
 * fabric's own key can be kept elsewhere (ADR 0013).
 */
export async function foundIssuingCa(
  dir: string,
  options: { ca: Certificate; now: number; random: Random },
): Promise<void> {
  const { registry } = fabricLayout(dir);
  const issuing = await createIssuingCa({ ...options, name: 'Causeway registry' });
  await writeSecret(path.join(registry, 'issuing-ca.key'), issuing.key);
  await writeJwt(path.join(registry, 'issuing-ca.pem'), issuing.cert);
}
