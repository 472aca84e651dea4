import { CausewayError } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { compare, createLoad } from './load.ts';

/** A clock on which calls take what is named, each for its own. */
function stepping() {
  let now = 0;
  return {
    clock: { monotonic: () => now },
    calls(...took: number[]) {
      return async () => {
        now += took.length > 1 ? (took.shift() as number) : (took[0] as number);
      };
    },
  };
}

const { signal } = new AbortController();

describe('load', () => {
  it('load - counts, rate and percentiles are of the calls that succeeded, in all turns', async () => {
    const { clock, calls } = stepping();
    const load = createLoad(calls(10, 20, 30, 40), { inFlight: 1, signal, clock });
    await load.run(50);
    await load.run(40);
    expect(load.result()).toEqual({
      ...{ inFlight: 1, calls: 4, failures: {}, perSecond: 40 },
      ...{ p50: 20, p99: 40, longest: 40 },
    });
  });

  it('load - failures are counted by code, and are no latencies', async () => {
    let now = 0;
    const clock = { monotonic: () => now };
    const failing = async () => {
      now += 50;
      throw now > 60 ? new CausewayError('DENIED', 'no') : new Error('broken');
    };
    const load = createLoad(failing, { inFlight: 1, signal, clock });
    await load.run(100);
    const result = load.result();
    expect(result).toMatchObject({ calls: 0, perSecond: 0, p50: null, p99: null, longest: null });
    expect(Object.values(result.failures).reduce((sum, each) => sum + each, 0)).toBe(2);
    expect(result.failures.DENIED).toBe(1);
  });

  it('load - it ends early when it is told to', async () => {
    const { clock, calls } = stepping();
    const load = createLoad(calls(1), { inFlight: 3, signal: AbortSignal.abort(), clock });
    await load.run(100);
    expect(load.result()).toMatchObject({ calls: 0, perSecond: 0 });
  });

  it('load - two ways are measured by turns, for the same time each, and compared', async () => {
    const { clock, calls } = stepping();
    const turns: string[] = [];
    const watched = (name: string, ms: number) => {
      const load = createLoad(calls(ms), { inFlight: 1, signal, clock });
      return {
        ...load,
        run(limit: number) {
          turns.push(`${name} ${limit}`);
          return load.run(limit);
        },
      };
    };
    const found = await compare(watched('ours', 25), watched('theirs', 10), 1_200);
    expect(turns).toEqual(['ours 500', 'theirs 500', 'theirs 500', 'ours 500', 'ours 200', 'theirs 200']);
    expect(found).toMatchObject({ perSecond: 40, ratio: 0.4, plain: { perSecond: 100, calls: 120 } });
    const nothing = createLoad(calls(1), { inFlight: 1, signal: AbortSignal.abort(), clock });
    expect(await compare(nothing, nothing, 10)).toMatchObject({ ratio: null });
  });
});
