import { describe, expect, it } from 'vitest';
import { createCompiledSizes } from './compiled-sizes.ts';
import { maxValueBytes } from './fitting.ts';

const seeing = (letters: number) => ({
  apis: [{ service: 'x'.repeat(letters), major: 1, version: '1.0.0', sites: [], endpoints: {} }],
});
const sizeOf = (key: string, value: unknown) => key.length + JSON.stringify(value).length;
const tooLarge = (tenant: string) =>
  expect.objectContaining({
    code: 'PAYLOAD_TOO_LARGE',
    reason: expect.stringContaining(`of tenant ${tenant}`),
  });

describe('compiled sizes', () => {
  it('compiled sizes - are counted over all sites, by the tenant of each key', () => {
    const sizes = createCompiledSizes();
    const [value, key] = [seeing(20), 'see.acme.desk'];
    sizes.set('edge-a', key, value);
    sizes.set('edge-b', key, value);
    sizes.set('edge-b', 'see.other.desk', value);
    sizes.set('edge-b', 'user.acme.leaf', { jwt: 'x'.repeat(100_000) });
    const tenantBytes = 3 * sizeOf(key, value);
    sizes.require([['edge-c', key, value]], { tenantBytes });
    expect(() => sizes.require([['edge-c', key, value]], { tenantBytes: tenantBytes - 1 })).toThrow(
      tooLarge('acme'),
    );
  });

  it('compiled sizes - what takes the place of something counts as the difference, also where it goes', () => {
    const sizes = createCompiledSizes();
    const key = 'see.acme.desk';
    sizes.set('edge-a', key, seeing(50));
    sizes.set('edge-a', key, seeing(10));
    const share = { tenantBytes: sizeOf(key, seeing(30)) };
    sizes.require([['edge-a', key, seeing(30)]], share);
    expect(() => sizes.require([['edge-a', key, seeing(31)]], share)).toThrow(tooLarge('acme'));
    sizes.set('edge-a', key, undefined);
    sizes.require([['edge-b', key, seeing(30)]], share);
    sizes.require([['edge-a', key, undefined]], { tenantBytes: 0 });
  });

  it('compiled sizes - many identities that each see an API are more than a few, though each is small', () => {
    const sizes = createCompiledSizes();
    const values = Array.from(
      { length: 20 },
      (_, n) => ['edge-a', `see.acme.desk-${n}`, seeing(9_000)] as const,
    );
    sizes.require(values.slice(0, 2), { tenantBytes: 100_000 });
    expect(() => sizes.require(values, { tenantBytes: 100_000 })).toThrow(tooLarge('acme'));
  });

  it('compiled sizes - callers count, those that are added too, and what grows by itself is known to exceed', () => {
    const sizes = createCompiledSizes();
    const share = { tenantBytes: 1_000 };
    sizes.set('edge-a', 'callers.acme.edge-b.0', { names: ['x'.repeat(400)] });
    sizes.require([], share, new Map([['acme', 400]]));
    expect(() => sizes.require([], share, new Map([['acme', 700]]))).toThrow(tooLarge('acme'));
    expect(sizes.exceeds('edge-b', 'see.acme.desk', seeing(700), share)).toBe(true);
    expect(sizes.exceeds('edge-b', 'see.acme.desk', seeing(100), share)).toBe(false);
    sizes.set('edge-b', 'see.acme.desk', seeing(2_000));
    // What shrinks is taken, whatever there is.
    expect(sizes.exceeds('edge-b', 'see.acme.desk', seeing(1_999), share)).toBe(false);
    expect(sizes.exceeds('edge-b', 'user.acme.leaf', { jwt: 'x'.repeat(2_000) }, share)).toBe(false);
  });

  it('compiled sizes - a value counts as it is stored: what is too large is cut down', () => {
    const sizes = createCompiledSizes();
    sizes.require([['edge-a', 'see.acme.desk', seeing(2 * maxValueBytes)]], {
      tenantBytes: maxValueBytes + 50,
    });
  });
});
