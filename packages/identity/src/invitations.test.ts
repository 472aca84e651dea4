import { randomBytes } from 'node:crypto';
import type { Random } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import {
  canonicalHost,
  createInvitationSecret,
  formatInvitation,
  hostFault,
  type InvitationToken,
  isInvitationProof,
  parseInvitation,
  proveInvitation,
} from './invitations.ts';
import { createKeys } from './keys.ts';
import { redactSecrets } from './redact.ts';

const random: Random = { bytes: (length) => randomBytes(length), fraction: () => 0.5 };
const { seed, verifier } = createInvitationSecret(random);
const token: InvitationToken = {
  hub: ['tls://hub.example.org:4222'],
  ca: 'ab'.repeat(32),
  site: 'edge-c',
  tenants: ['acme'],
  hosts: ['edge-c'],
  expires: 1_800_000_000_000,
  jwt: 'eyJhbGciOiJub25lIn0.eyJuYW1lIjoiZ3JhbnQifQ.c2lnbmF0dXJl',
  secret: seed,
};
const line = formatInvitation(token);

describe('invitation', () => {
  it('invitation - what is written is read again, also where a mail has broken its lines', () => {
    expect(line).toMatch(/^causeway1\.[\w.-]+$/);
    expect(parseInvitation(line)).toEqual({ value: token });
    expect(parseInvitation(`  ${line.replace(/.{60}/g, '$&\r\n')}\n`)).toEqual({ value: token });
  });

  it('invitation - cut off anywhere, or with any one character changed, it is told from one that is good', () => {
    for (let length = 0; length < line.length; length += 1) {
      expect(parseInvitation(line.slice(0, length)).fault, `cut at ${length}`).toBeDefined();
    }
    for (let at = 0; at < line.length; at += 1) {
      const other = line[at] === 'A' ? 'B' : 'A';
      const fault = parseInvitation(line.slice(0, at) + other + line.slice(at + 1)).fault;
      expect(fault?.problem, `changed at ${at}`).toMatch(
        /cut off or mistyped|is no invitation|is of version/,
      );
      expect(fault?.problem).not.toContain(seed);
    }
  });

  it.each([
    ['', 'is empty'],
    ['causeway2.x.y.z', 'is of version 2; this version of Causeway reads 1'],
    ['-----BEGIN NATS USER JWT-----', 'is no invitation'],
    [formatInvitation({ ...token, hub: ['http://hub'] }), 'something else'],
    [formatInvitation({ ...token, hub: [] }), 'something else'],
    [formatInvitation({ ...token, ca: 'short' }), 'something else'],
    [formatInvitation({ ...token, secret: 'SUxx' }), 'something else'],
    [formatInvitation({ ...token, tenants: 'acme' as never }), 'something else'],
  ])('invitation - %s is refused with what is wrong', (text, problem) => {
    expect(parseInvitation(text).fault?.problem).toContain(problem);
  });

  it('invitation - nothing of what is secret in it would be seen in a log', () => {
    const masked = redactSecrets(`token ${line}`);
    expect(masked).not.toContain(seed);
    expect(masked).not.toContain(line.split('.')[1]);
  });

  it('invitation - a proof is good for its secret and its message alone, and shows neither seed nor verifier', () => {
    const message = new TextEncoder().encode('public keys');
    const proof = proveInvitation(seed, message);
    expect(isInvitationProof(verifier, message, proof)).toBe(true);
    expect(isInvitationProof(verifier, new TextEncoder().encode('other keys'), proof)).toBe(false);
    const guess = createKeys('user', random);
    expect(isInvitationProof(verifier, message, proveInvitation(guess.seed, message))).toBe(false);
    // With the right key's name and another's signature.
    const mixed = { ...proveInvitation(guess.seed, message), key: proof.key };
    expect(isInvitationProof(verifier, message, mixed)).toBe(false);
    for (const key of ['', 'U', verifier, `U${'A'.repeat(55)}`]) {
      expect(isInvitationProof(verifier, message, { ...proof, key })).toBe(false);
    }
    expect(isInvitationProof(verifier, message, { ...proof, signature: '' })).toBe(false);
    expect(JSON.stringify(proof)).not.toContain(seed);
    expect(verifier).toMatch(/^[0-9a-f]{64}$/);
  });

  it('invitation - hosts are names and addresses, compared in one form', () => {
    for (const host of ['edge-c', 'a.b.example', '10.0.0.1', '::1']) expect(hostFault(host)).toBeUndefined();
    for (const host of ['', '*.example.org', 'a b', '-a', 'a_b', 'x'.repeat(64)])
      expect(hostFault(host)).toBeDefined();
    expect(['EDGE-C', '0:0:0:0:0:0:0:1', '2001:DB8::0:1'].map(canonicalHost)).toEqual([
      'edge-c',
      '::1',
      '2001:db8::1',
    ]);
  });
});
