import { createHash } from 'node:crypto';
import type { Random } from '@causeway/protocol';
import { issueAccount } from './accounts.ts';
import { createKeys, type Keys } from './keys.ts';
import { accountLimits } from './limits.ts';
import { accountNames } from './names.ts';
import { type AccountKind, roles } from './templates/roles.ts';

/** A time that is not now: 2026-01-02T03:04:05.678Z. */
export const someTime = 1_767_323_045_678;

/** Bytes that repeat from run to run, and are never the same twice within one; at most 64 at a time. */
export function countingRandom(start = 1): Random {
  let count = 0;
  return {
    bytes: (length) => {
      const hash = createHash('sha512').update(`${start} ${count++}`).digest();
      return Uint8Array.from(hash.subarray(0, length));
    },
    fraction: () => 0.5,
  };
}

/** An account with a signing key for each of its roles. */
export async function someAccount<K extends AccountKind>(kind: K, name: string, random: Random) {
  const operator = createKeys('operator', random);
  const keys = createKeys('account', random);
  const signers = Object.fromEntries(
    Object.keys(roles[kind]).map((role) => [role, createKeys('account', random)]),
  ) as Record<string, Keys>;
  const signingKeys = Object.fromEntries(
    Object.entries(signers).map(([role, { publicKey }]) => [role, publicKey]),
  );
  const options = {
    kind,
    name,
    publicKey: keys.publicKey,
    signingKeys,
    limits: accountLimits(kind, { sites: 2 }),
    now: someTime,
  };
  const issued = await issueAccount<AccountKind>(options, operator.seed);
  return { ...options, keys, signers, operator, issued };
}

/** The name of an account of that kind: of site `edge-a`, or of tenant `acme`. */
export function nameOf(kind: AccountKind, site = 'edge-a'): string {
  if (kind === 'tenant') return 'acme';
  return kind === 'control' || kind === 'ops' ? accountNames[kind] : accountNames[kind](site);
}
