import { beforeEach, describe, expect, test } from 'vitest';
import { type ManualClock, manualClock } from '../../../../test/support/manual-clock.ts';
import { createInstances, type Instance, type Instances, leaseMs } from './instances.ts';

let clock: ManualClock;
let changes: string[];
let instances: Instances;

beforeEach(() => {
  clock = manualClock();
  changes = [];
  instances = createInstances({ site: 'edge-a', clock, onChange: (service) => changes.push(service) });
});

function miss(instance: Instance, times: number): void {
  for (let time = 0; time < times; time += 1) instances.missedDeadline(instance, clock.monotonic());
}

describe('registration', () => {
  test('instances - a registered instance is picked for its majors and no others', () => {
    const instance = instances.register('quotes', 'i-1', [1, 2]);
    expect(instance.servePrefix).toBe('serve.edge-a.quotes.i-1');
    expect(instances.pick('quotes', 1)).toBe(instance);
    expect(instances.pick('quotes', 2)).toBe(instance);
    expect(instances.pick('quotes', 3)).toBeUndefined();
    expect(instances.pick('other', 1)).toBeUndefined();
    expect([instances.available('quotes', 1), instances.available('quotes', 3)]).toEqual([true, false]);
    expect(changes).toEqual(['quotes']);
  });

  test('instances - a lease that is renewed holds, one that is not lapses, and the sweep takes it out', async () => {
    instances.register('quotes', 'i-1', [1]);
    instances.register('quotes', 'i-2', [1]);
    await clock.advance(leaseMs - 1);
    expect(instances.renew('quotes', 'i-1', true)).toBe(true);
    await clock.advance(1);
    expect(instances.pick('quotes', 1)?.id).toBe('i-1');
    expect(instances.counts()).toEqual(new Map([['quotes', 2]]));
    changes.length = 0;
    instances.sweep();
    expect(changes).toEqual(['quotes']);
    expect(instances.counts()).toEqual(new Map([['quotes', 1]]));
    expect(instances.renew('quotes', 'i-2', true)).toBe(false);
    await clock.advance(leaseMs);
    expect(instances.available('quotes', 1)).toBe(false);
    instances.sweep();
    expect(instances.counts().size).toBe(0);
  });

  test('instances - one that registers again has its new majors, and its calls under way are still counted', () => {
    const before = instances.register('quotes', 'i-1', [1]);
    before.outstanding = 5;
    const after = instances.register('quotes', 'i-1', [2]);
    expect([instances.available('quotes', 1), instances.available('quotes', 2)]).toEqual([false, true]);
    expect(after.outstanding).toBe(5);
    before.outstanding -= 5;
    expect(after.outstanding).toBe(0);
    expect(instances.counts()).toEqual(new Map([['quotes', 1]]));
  });

  test('instances - one that is withdrawn is gone at once; a second time there is nothing to do', () => {
    instances.register('quotes', 'i-1', [1]);
    changes.length = 0;
    expect(instances.remove('quotes', 'i-1')).toBe(true);
    expect(instances.remove('quotes', 'i-1')).toBe(false);
    expect(instances.remove('other', 'i-1')).toBe(false);
    expect(instances.pick('quotes', 1)).toBeUndefined();
    expect(changes).toEqual(['quotes']);
  });
});

describe('choice', () => {
  test('instances - the one with the fewest calls outstanding is picked', () => {
    const [a, b, c] = ['i-1', 'i-2', 'i-3'].map((id) => instances.register('quotes', id, [1])) as [
      Instance,
      Instance,
      Instance,
    ];
    [a.outstanding, b.outstanding, c.outstanding] = [3, 1, 2];
    expect(instances.pick('quotes', 1)).toBe(b);
    b.outstanding = 4;
    expect(instances.pick('quotes', 1)).toBe(c);
    expect(
      Array.from({ length: 6 }, () => {
        const picked = instances.pick('quotes', 1) as Instance;
        picked.outstanding += 1;
        return picked.id;
      }).filter((id) => id === 'i-2').length,
    ).toBeLessThanOrEqual(2);
  });

  test('instances - one that says it is unwell is left out until it says that it is well', () => {
    instances.register('quotes', 'i-1', [1]);
    changes.length = 0;
    instances.renew('quotes', 'i-1', true);
    expect(changes).toEqual([]);
    instances.renew('quotes', 'i-1', false);
    expect(instances.available('quotes', 1)).toBe(false);
    instances.renew('quotes', 'i-1', true);
    expect(instances.available('quotes', 1)).toBe(true);
    expect(changes).toEqual(['quotes', 'quotes']);
  });
});

describe('missed deadlines', () => {
  test('instances - two misses are forgiven by an answer, three in a row are not', () => {
    const instance = instances.register('quotes', 'i-1', [1]);
    miss(instance, 2);
    instances.answered(instance);
    miss(instance, 2);
    expect(instances.available('quotes', 1)).toBe(true);
    miss(instance, 1);
    expect(instances.available('quotes', 1)).toBe(false);
  });

  test('instances - the time out doubles up to half a minute, and starts anew after an answer', async () => {
    const instance = instances.register('quotes', 'i-1', [1]);
    const lengths: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      instances.register('quotes', 'i-2', [1]);
      instances.renew('quotes', 'i-1', true);
      miss(instance, 3);
      lengths.push(instance.outUntil - clock.monotonic());
      changes.length = 0;
      await clock.advance(instance.lastOut + 1);
      // Told when it is back, so that its routes are too.
      expect(changes).toContain('quotes');
      expect(instance.outUntil).toBeLessThan(clock.monotonic());
    }
    expect(lengths).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    instances.answered(instance);
    miss(instance, 3);
    expect(instance.lastOut).toBe(500);
  });

  test('instances - calls that were lost before its last answer do not count against it', async () => {
    const instance = instances.register('quotes', 'i-1', [1]);
    const given = clock.monotonic();
    await clock.advance(500);
    instances.answered(instance);
    await clock.advance(500);
    for (let lost = 0; lost < 10; lost += 1) instances.missedDeadline(instance, given);
    expect(instances.available('quotes', 1)).toBe(true);
    miss(instance, 3);
    expect(instances.available('quotes', 1)).toBe(false);
  });

  test('instances - one stall is one fault, however many calls it held up', async () => {
    const instance = instances.register('quotes', 'i-1', [1]);
    miss(instance, 300);
    expect(instance.lastOut).toBe(500);
    await clock.advance(501);
    expect(instances.pick('quotes', 1)).toBe(instance);
  });
});
