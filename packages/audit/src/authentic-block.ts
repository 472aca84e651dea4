import type { Parsed } from '@causeway/protocol';
import { type Block, type BlockMessage, parseBlock } from './parse-block.ts';
import type { VerifierOptions } from './verify.ts';

/**
 * Reads one block by itself, to be shown as it comes: what the site that delivered it did not sign, or delivered
 * under another site's name, is a fault. Its place in the chain is the verifier's (`createChainVerifier`).
 */
export function readAuthentic(
  message: BlockMessage,
  options: Pick<VerifierOptions, 'keysOf' | 'verify'>,
): Parsed<Block> {
  const parsed = parseBlock(message);
  if (parsed.fault) return parsed;
  const { site, gateway, source, signed, sig } = parsed.value;
  if (source !== undefined && source !== site) {
    const problem = `was delivered by site ${source} under the name of site ${site}`;
    return { fault: { pointer: '', problem } };
  }
  if (options.keysOf(site, gateway).some((key) => options.verify(key, signed, sig))) return parsed;
  return { fault: { pointer: '', problem: `is not signed by a known key of ${site}/${gateway}` } };
}
