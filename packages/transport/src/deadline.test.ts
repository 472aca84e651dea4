import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../test/support/manual-clock.ts';
import { createHubClock } from './deadline.ts';

describe('hub clock', () => {
  it('hub clock - is this machine’s own, with no bound, until something was observed', () => {
    const clock = manualClock();
    const hub = createHubClock(clock);
    expect([hub.known, hub.now(), hub.slack]).toEqual([false, clock.now(), Number.POSITIVE_INFINITY]);
  });

  it('hub clock - keeps the observation of least round trip, and its half as slack', async () => {
    const clock = manualClock();
    const hub = createHubClock(clock);
    hub.observe({ sentMonotonic: 0, receivedMonotonic: 100, hubTime: 5_090 });
    hub.observe({ sentMonotonic: 200, receivedMonotonic: 210, hubTime: 5_205 });
    hub.observe({ sentMonotonic: 300, receivedMonotonic: 400, hubTime: 5_301 });
    await clock.advance(1_000);
    expect([hub.known, hub.now(), hub.slack]).toEqual([true, 6_000, 5]);
  });

  it('hub clock - follows a drift, since old observations are forgotten', () => {
    const hub = createHubClock(manualClock(), 4);
    hub.observe({ sentMonotonic: 0, receivedMonotonic: 0, hubTime: 1_000 });
    for (let at = 0; at < 3; at += 1) {
      hub.observe({ sentMonotonic: at, receivedMonotonic: at + 2, hubTime: at + 1_051 });
      expect([hub.now(), hub.slack]).toEqual([1_000, 0]);
    }
    hub.observe({ sentMonotonic: 3, receivedMonotonic: 5, hubTime: 1_054 });
    expect([hub.now(), hub.slack]).toEqual([1_050, 1]);
  });

  it('hub clock - goes by the newest alone where it contradicts those before: the hub’s clock was set', () => {
    for (const step of [60_000, -60_000]) {
      const hub = createHubClock(manualClock());
      hub.observe({ sentMonotonic: 0, receivedMonotonic: 2, hubTime: 100_001 });
      hub.observe({ sentMonotonic: 10, receivedMonotonic: 30, hubTime: 100_020 + step });
      expect([hub.now(), hub.slack]).toEqual([100_000 + step, 10]);
      hub.observe({ sentMonotonic: 40, receivedMonotonic: 60, hubTime: 100_050 + step });
      expect([hub.now(), hub.slack]).toEqual([100_000 + step, 10]);
    }
  });

  it('hub clock - an answer that took long contradicts nothing, though its middle is far off', () => {
    const hub = createHubClock(manualClock());
    hub.observe({ sentMonotonic: 0, receivedMonotonic: 2, hubTime: 100_001 });
    hub.observe({ sentMonotonic: 10, receivedMonotonic: 5_010, hubTime: 100_011 });
    expect([hub.now(), hub.slack]).toEqual([100_000, 1]);
  });

  it('hub clock - ignores an observation that cannot be', () => {
    const hub = createHubClock(manualClock());
    hub.observe({ sentMonotonic: 10, receivedMonotonic: 5, hubTime: 1 });
    hub.observe({ sentMonotonic: 0, receivedMonotonic: 1, hubTime: Number.NaN });
    expect(hub.known).toBe(false);
  });
});
