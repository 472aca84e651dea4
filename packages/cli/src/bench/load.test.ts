import { CausewayError } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { runLoad } from './load.ts';

/** A clock on which each call takes what is named. */
function stepping(...took: number[]) {
  let now = 0;
  return {
    clock: { monotonic: () => now },
    async call() {
      now += took.shift() ?? 1_000;
    },
  };
}

const { signal } = new AbortController();

describe('load', () => {
  it('load - counts, rate and percentiles are of the calls that succeeded', async () => {
    const { clock, call } = stepping(10, 20, 30, 40);
    const result = await runLoad(call, { inFlight: 1, ms: 100, signal, clock });
    expect(result).toEqual({
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
    const result = await runLoad(failing, { inFlight: 1, ms: 100, signal, clock });
    expect(result).toMatchObject({ calls: 0, perSecond: 0, p50: null, p99: null, longest: null });
    expect(Object.values(result.failures).reduce((sum, each) => sum + each, 0)).toBe(2);
    expect(result.failures.DENIED).toBe(1);
  });

  it('load - it ends early when it is told to', async () => {
    const { clock, call } = stepping(1, 1);
    const result = await runLoad(call, { inFlight: 3, ms: 100, signal: AbortSignal.abort(), clock });
    expect(result.calls).toBe(0);
  });
});
