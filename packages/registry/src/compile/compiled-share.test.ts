import { describe, expect, it } from 'vitest';
import { siteOf } from '../test-support.ts';
import { compiledShare, requireShare } from './compiled-share.ts';

const sized = (sizes: Record<string, number>) => new Map(Object.entries(sizes));
const none = () => new Map<string, number>();

describe('compiled share', () => {
  it('compiled share - those of all tenants leave a fifth of the bucket, however many they are', () => {
    for (const count of [1, 4, 5, 100]) {
      const tenants = Object.fromEntries(
        Array.from({ length: count }, (_, n) => [`t${n}`, { gateway: `U${'A'.repeat(55)}` }]),
      );
      const { tenantBytes } = compiledShare([{ ...siteOf('edge-a'), tenants }, siteOf('edge-b')], 1_000_000);
      expect(tenantBytes * count).toBeLessThanOrEqual(800_000);
      expect(tenantBytes).toBeLessThanOrEqual(200_000);
      expect(tenantBytes).toBeGreaterThan(1_000);
    }
  });

  it('compiled share - a tenant ends at it, is told so, and others go on', () => {
    const share = { tenantBytes: 100 };
    requireShare(sized({ acme: 100, other: 50 }), none, share);
    expect(() => requireShare(sized({ acme: 101 }), none, share)).toThrow(
      expect.objectContaining({
        code: 'PAYLOAD_TOO_LARGE',
        reason: expect.stringMatching(/tenant acme would have 101 bytes; 100 are taken: fewer/),
      }),
    );
  });

  it('compiled share - who has more than its share, since others came, may shrink and may not grow', () => {
    const share = { tenantBytes: 100 };
    requireShare(sized({ acme: 150 }), () => sized({ acme: 151 }), share);
    expect(() => requireShare(sized({ acme: 152 }), () => sized({ acme: 151 }), share)).toThrow('152');
  });
});
