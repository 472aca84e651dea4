import { type PolicyLimits, quotaAmounts, quotaWindowStart } from '@causeway/policy';
import { describe, expect, it } from 'vitest';
import { settle } from '../support/manual-clock.ts';
import type { WriteFault } from '../support/memory-ledger.ts';
import { createDice } from '../support/policy-cases.ts';
import { quotaStage } from '../support/quota-stage.ts';

const sites = ['cloud', 'edge-a', 'edge-b'];
const desk = { site: 'edge-b', service: 'desk' };
const amountIn =
  (limits: readonly PolicyLimits[]) =>
  (asked: { policy: string; unit: 'calls' | 'bytes'; window: 'minute' | 'hour' | 'day' }) =>
    limits.find(({ policy }) => policy === asked.policy)?.quota?.[asked.unit]?.[asked.window] ?? 0;

/** Adds up what all sites spent, by quota and window, and knows nothing of shares. */
function naiveLedger(limits: readonly PolicyLimits[]) {
  const totals = new Map<string, number>();
  return {
    totals,
    add(caller: string, now: number, calls: number, bytes: number): void {
      for (const { policy, quota = {} } of limits) {
        for (const { unit, window, amount } of quotaAmounts(quota)) {
          const key = `${policy} ${caller} ${unit} ${window} ${quotaWindowStart(window, now)}`;
          const total = (totals.get(key) ?? 0) + (unit === 'calls' ? calls : bytes);
          totals.set(key, total);
          if (total > amount) expect({ key, total }).toEqual({ key, total: amount });
        }
      }
    },
  };
}

const scenarios = 300;
const stepsEach = 150;

describe('quota', () => {
  it(`quota - no interleaving of sites, restarts and cuts spends more than the quota (${scenarios} of ${stepsEach} steps)`, async () => {
    const dice = createDice(7);
    const seen = { spent: 0, refused: 0, waited: 0 };
    for (let scenario = 0; scenario < scenarios; scenario += 1) {
      const amount = () => 1 + dice.below(dice.oneOf([4, 40, 400]));
      const limits: PolicyLimits[] = [
        {
          policy: 'p',
          quota: { calls: { minute: amount(), day: amount() }, bytes: { hour: 500 + dice.below(9_000) } },
        },
        ...(dice.chance(0.5) ? [{ policy: 'q', quota: { calls: { hour: amount() } } }] : []),
      ];
      const faults: readonly WriteFault[] = ['none', 'none', 'none', 'none', 'lost', 'unanswered', 'late'];
      const trouble = dice.chance(0.7);
      const skews = new Map(sites.map((site) => [site, dice.below(2_000) - 1_000]));
      const stage = await quotaStage({
        sites,
        amountOf: amountIn(limits),
        fault: () => (trouble ? dice.oneOf(faults) : 'none'),
        skewOf: (site) => skews.get(site) ?? 0,
      });
      const naive = naiveLedger(limits);
      const callers = [desk, { site: 'cloud', service: 'risk' }];
      for (let step = 0; step < stepsEach; step += 1) {
        const site = dice.oneOf(sites);
        const action = dice.below(40);
        if (action === 0) await stage.restartRegistry();
        else if (action === 1) await stage.restartGateway(site, dice.chance(0.5));
        else if (action === 2) stage.setCut(site, dice.chance(0.5));
        else if (action === 3) stage.arrive();
        else if (action === 4) stage.pool(site).sweep();
        else if (action === 5) await stage.ledger.purge();
        else if (action === 6) await stage.clock.advance(dice.oneOf([1_000, 30_000, 61_000, 3_600_000]));
        else if (action < 10) await stage.clock.advance(dice.below(300));
        else {
          const caller = dice.oneOf(callers);
          const name = `${caller.site}/${caller.service}`;
          const guard = stage.guard(site, caller, limits);
          for (let call = 0; guard && call < 1 + dice.below(6); call += 1) {
            const request = 1 + dice.below(20);
            const most = request + 100;
            if (!guard.fits(stage.now(site), most)) {
              if (guard.refusal(stage.now(site), most)) {
                seen.refused += 1;
                continue;
              }
              seen.waited += 1;
              await settle();
              if (!guard.fits(stage.now(site), most)) continue;
            }
            const at = stage.now(site);
            guard.spend(at, most);
            naive.add(name, at, 1, most);
            seen.spent += 1;
            // Answered at once, later, or never.
            const reply = dice.below(101);
            if (dice.chance(0.3)) await stage.clock.advance(dice.below(2_000));
            if (dice.chance(0.1)) {
              guard.refund(at, 1, most);
              naive.add(name, at, -1, -most);
            } else if (dice.chance(0.9)) {
              guard.refund(at, 0, most - request - reply);
              naive.add(name, at, 0, -(most - request - reply));
            }
          }
          if (dice.chance(0.5)) guard?.close();
        }
        if (dice.chance(0.5)) await settle();
      }
    }
    // Each kind of outcome has to be among the cases in earnest.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(2_000);
  }, 60_000);

  it.each([1, 2, 7, 100, 1_000])(
    'quota - one site alone can spend all of %i calls, and not one more',
    async (amount) => {
      const limits: PolicyLimits[] = [{ policy: 'p', quota: { calls: { day: amount } } }];
      const stage = await quotaStage({ sites: ['edge-a'], amountOf: amountIn(limits) });
      const guard = stage.guard('edge-a', desk, limits);
      let spent = 0;
      while (guard?.refusal(stage.now('edge-a'), 1) === undefined) {
        if (guard?.fits(stage.now('edge-a'), 1)) {
          guard.spend(stage.now('edge-a'), 1);
          spent += 1;
        } else await stage.clock.advance(1_000);
      }
      expect(spent).toBe(amount);
      expect(guard?.refusal(stage.now('edge-a'), 1)).toMatchObject({ counter: { dearth: 'used-up' } });
      // The whole of it took few requests.
      expect(stage.asked).toBeLessThan(140);
    },
  );

  it('quota - all calls of a burst that wait for a first share pass, as far as the quota goes', async () => {
    const limits: PolicyLimits[] = [{ policy: 'p', quota: { calls: { minute: 50 } } }];
    const stage = await quotaStage({ sites: ['edge-a'], amountOf: amountIn(limits) });
    const guard = stage.guard('edge-a', desk, limits);
    let passed = 0;
    let refused = 0;
    const attempt = () => {
      if (!guard) return;
      const now = stage.now('edge-a');
      if (guard.fits(now, 1)) {
        guard.spend(now, 1);
        passed += 1;
      } else if (guard.refusal(now, 1)) refused += 1;
      else stage.pool('edge-a').wait(guard, 2_000, attempt);
    };
    for (let call = 0; call < 60; call += 1) attempt();
    await stage.clock.advance(1_500);
    expect({ passed, refused }).toEqual({ passed: 50, refused: 10 });
  });

  it('quota - a site that is cut off spends its share, and is asked again when the registry is back', async () => {
    const limits: PolicyLimits[] = [{ policy: 'p', quota: { calls: { day: 80 } } }];
    const stage = await quotaStage({ sites: ['edge-a'], amountOf: amountIn(limits) });
    const guard = stage.guard('edge-a', desk, limits);
    const tryOne = () => {
      const now = stage.now('edge-a');
      if (!guard?.fits(now, 1)) return guard?.refusal(now, 1)?.counter.dearth ?? 'waits';
      guard.spend(now, 1);
      return 'passed';
    };
    expect(tryOne()).toBe('waits');
    await settle();
    expect(tryOne()).toBe('passed');
    stage.setCut('edge-a', true);
    // An eighth of the quota, of which one is gone.
    for (let call = 0; call < 9; call += 1) expect(tryOne()).toBe('passed');
    await settle();
    expect(tryOne()).toBe('unreachable');
    stage.setCut('edge-a', false);
    await stage.clock.advance(1_000);
    expect(tryOne()).toBe('unreachable');
    await settle();
    expect(tryOne()).toBe('passed');
  });

  it('quota - what a site leaves unused for a minute, or when it stops, others may spend', async () => {
    const limits: PolicyLimits[] = [{ policy: 'p', quota: { calls: { day: 640 } } }];
    const stage = await quotaStage({ sites: ['edge-a', 'edge-b'], amountOf: amountIn(limits) });
    const guard = stage.guard('edge-a', desk, limits);
    const held = () => [...stage.memory.stored.values()][0]?.held.calls?.['edge-a'];
    guard?.fits(stage.now('edge-a'), 1);
    await settle();
    expect(held()).toBe(80);
    await stage.clock.advance(60_001);
    stage.pool('edge-a').sweep();
    await settle();
    expect(held()).toBe(10);
    await stage.restartGateway('edge-a', false);
    expect(held()).toBe(0);
  });

  it('quota - windows are those of the hub’s clock, and over with it', async () => {
    const limits: PolicyLimits[] = [{ policy: 'p', quota: { calls: { minute: 1 } } }];
    const stage = await quotaStage({ sites: ['edge-a'], amountOf: amountIn(limits) });
    const guard = stage.guard('edge-a', desk, limits);
    const tryOne = async () => {
      if (!guard?.fits(stage.now('edge-a'), 1)) await settle();
      if (!guard?.fits(stage.now('edge-a'), 1)) return guard?.refusal(stage.now('edge-a'), 1)?.retryAfter;
      guard.spend(stage.now('edge-a'), 1);
      return 'passed';
    };
    expect(await tryOne()).toBe('passed');
    const left = 60_000 - (stage.now('edge-a') % 60_000);
    expect(await tryOne()).toBe(left);
    await stage.clock.advance(left - 1);
    expect(await tryOne()).toBe(1);
    await stage.clock.advance(1);
    expect(await tryOne()).toBe('passed');
    expect(stage.memory.stored.size).toBe(2);
    await stage.clock.advance(200_000);
    await stage.ledger.purge();
    expect([stage.memory.stored.size, stage.ledger.size]).toEqual([0, 0]);
  });
});
