import { CausewayError, type DiscoveredApi, type ErrorCode } from '@causeway/protocol';
import { describe, expect, test } from 'vitest';
import { createDice } from '../../../test/support/policy-cases.ts';
import { sitesToTry, tryInTurn } from './site-route.ts';

const api = (sites: string[], route?: DiscoveredApi['route']): DiscoveredApi => ({
  ...{ service: 'quotes', major: 1, version: '1.0.0', sites, endpoints: {} },
  ...(route ? { route } : {}),
});
const seeded = (seed: number) => {
  const dice = createDice(seed);
  return { fraction: () => dice.below(1_000_000) / 1_000_000 };
};

describe('site route', () => {
  test('site route - without one the nearest site answers, and an order is as it stands', () => {
    expect(sitesToTry(api(['a', 'b']))).toBeUndefined();
    expect(sitesToTry(api([], { by: 'order' }))).toBeUndefined();
    expect(sitesToTry(api(['b', 'a'], { by: 'order' }))?.pick(seeded(1))).toEqual(['b', 'a']);
  });

  test('site route - weights are the shares of first tries, and every site is tried once', () => {
    const sites = ['a', 'b', 'c', 'd'];
    const route = sitesToTry(api(sites, { by: 'weights', weights: { a: 1, b: 3, c: 6 } }));
    const random = seeded(5);
    const first: Record<string, number> = {};
    for (let call = 0; call < 10_000; call += 1) {
      const picked = route?.pick(random) ?? [];
      expect([...picked].sort()).toEqual(sites);
      // What has no weight comes last.
      expect(picked[3]).toBe('d');
      first[picked[0] ?? ''] = (first[picked[0] ?? ''] ?? 0) + 1;
    }
    for (const [site, share] of [
      ['a', 0.1],
      ['b', 0.3],
      ['c', 0.6],
    ] as const) {
      expect(Math.abs((first[site] ?? 0) / 10_000 - share)).toBeLessThan(0.03);
    }
  });

  test('site route - a fraction next to one, or weights of sites that are not there, choose nobody else', () => {
    const route = sitesToTry(api(['a', 'b'], { by: 'weights', weights: { a: 1, b: 1, gone: 100 } }));
    expect(route?.pick({ fraction: () => 1 - 2 ** -53 })).toEqual(['b', 'a']);
    expect(route?.pick({ fraction: () => 1 })).toEqual(['b', 'a']);
    expect(route?.pick({ fraction: () => 0 })).toEqual(['a', 'b']);
  });
});

describe('tries in turn', () => {
  const refused = (code: ErrorCode, site: string) => new CausewayError(code, `by ${site}`);

  test.each(['UNREACHABLE', 'NO_INSTANCE'] as const)(
    'site route - after %s the next site is tried',
    async (code) => {
      const tried: string[] = [];
      const attempt = async (site: string) => {
        tried.push(site);
        if (site !== 'c') throw refused(code, site);
        return site;
      };
      expect(await tryInTurn(['a', 'b', 'c', 'd'], attempt, () => true)).toBe('c');
      expect(tried).toEqual(['a', 'b', 'c']);
    },
  );

  test.each([
    'DEADLINE_EXCEEDED',
    'SERVICE_ERROR',
    'DENIED',
    'NO_ROUTE',
    'RATE_LIMITED',
    'QUOTA_EXCEEDED',
  ] as const)('site route - after %s no other is tried: it may have run, or is the answer', async (code) => {
    const tried: string[] = [];
    const attempt = async (site: string) => {
      tried.push(site);
      throw refused(code, site);
    };
    await expect(tryInTurn(['a', 'b'], attempt, () => true)).rejects.toMatchObject({ code });
    expect(tried).toEqual(['a']);
  });

  test('site route - where none is left the first refusal is told; where there is no time, the last', async () => {
    const attempt = async (site: string) => {
      throw refused(site === 'a' ? 'NO_INSTANCE' : 'UNREACHABLE', site);
    };
    await expect(tryInTurn(['a', 'b'], attempt, () => true)).rejects.toMatchObject({ reason: 'by a' });
    let left = 1;
    await expect(tryInTurn(['b', 'a', 'c'], attempt, () => left-- > 0)).rejects.toMatchObject({
      reason: 'by a',
    });
  });
});
