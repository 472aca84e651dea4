import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../test/support/manual-clock.ts';
import { createDeadlineSweep, type Expiring } from './sweep.ts';

function started() {
  const clock = manualClock();
  const expired: [deadline: number, at: number][] = [];
  const sweep = createDeadlineSweep<Expiring>(clock, ({ deadline }) => {
    expired.push([deadline, clock.monotonic()]);
  });
  const add = (deadline: number) => {
    const entry: Expiring = { deadline, previous: undefined, next: undefined, bucket: -1 };
    sweep.add(entry);
    return entry;
  };
  return { clock, expired, sweep, add };
}

describe('sweep', () => {
  it('sweep - expires each entry once, never early and at most two ticks late', async () => {
    const { clock, expired, add } = started();
    const deadlines = Array.from({ length: 500 }, (_, at) => (at * 37.7) % 9_000);
    for (const deadline of deadlines) add(deadline);
    for (let at = 0; at < 9_100; at += 3) await clock.advance(3);
    expect(expired.map(([deadline]) => deadline).sort()).toEqual(deadlines.sort());
    for (const [deadline, at] of expired) {
      expect(at).toBeGreaterThanOrEqual(deadline);
      expect(at - deadline).toBeLessThanOrEqual(16);
    }
  });

  it('sweep - expires what fell due while the process stood still', async () => {
    const { clock, expired, add } = started();
    for (const deadline of [10, 4_000, 8_000, 100_000]) add(deadline);
    const stall = clock.monotonic;
    clock.monotonic = () => stall() + 20_000;
    await clock.advance(8);
    expect(expired.map(([deadline]) => deadline).sort()).toEqual([10, 4_000, 8_000]);
  });

  it('sweep - forgets what was removed, and expires an entry added with a deadline in the past', async () => {
    const { clock, expired, sweep, add } = started();
    const entries = [add(100), add(100), add(100)];
    sweep.remove(entries[1] as Expiring);
    sweep.remove(entries[1] as Expiring);
    add(-5_000);
    await clock.advance(200);
    expect(expired.map(([deadline]) => deadline)).toEqual([-5_000, 100, 100]);
  });

  it('sweep - runs its timer only while there is something to wait for', async () => {
    const { clock, sweep, add } = started();
    expect(clock.timers).toBe(0);
    const entry = add(1_000);
    expect(clock.timers).toBe(1);
    sweep.remove(entry);
    await clock.advance(8);
    expect(clock.timers).toBe(0);
    add(clock.monotonic() + 5);
    sweep.clear();
    expect(clock.timers).toBe(0);
  });
});
