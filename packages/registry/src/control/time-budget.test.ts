import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { createTimeBudget } from './time-budget.ts';

function started() {
  const clock = manualClock();
  let elapsed = 0;
  const work = (ms: number) => () => {
    elapsed += ms;
    return 'done';
  };
  const monotonic = () => clock.monotonic() + elapsed;
  return { clock, work, budget: createTimeBudget({ monotonic }, { burstMs: 1_000, share: 0.1 }) };
}

describe('time budget', () => {
  it('time budget - lets a burst through, then what its share gives, each name by itself', async () => {
    const { clock, work, budget } = started();
    expect(budget.spend('edge-a', work(600))).toEqual({ done: 'done' });
    expect(budget.spend('edge-a', work(600))).toEqual({ done: 'done' });
    // 600 of 1,000 were used, 60 came back while working, 600 more were used: 140 over, 60 of which are back.
    const refused = budget.spend('edge-a', work(1));
    expect(refused).toEqual({ waitMs: 810 });
    expect(budget.spend('edge-b', work(10))).toEqual({ done: 'done' });
    await clock.advance(809);
    expect(budget.spend('edge-a', work(10))).toEqual({ done: 'done' });
    await clock.advance(1_000_000);
    expect(budget.spend('edge-a', work(1_000))).toEqual({ done: 'done' });
    expect(budget.spend('edge-a', work(1))).toHaveProperty('done');
  });

  it('time budget - counts work that throws', () => {
    const { work, budget } = started();
    const fail = () => {
      work(5_000)();
      throw new Error('bad');
    };
    expect(() => budget.spend('edge-a', fail)).toThrow('bad');
    expect(budget.spend('edge-a', work(1))).toHaveProperty('waitMs');
  });
});
