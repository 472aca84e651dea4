import { beforeEach, expect, it } from 'vitest';
import { type ManualClock, manualClock, settle } from '../../../../test/support/manual-clock.ts';
import { createInForce, type InForce } from './in-force.ts';

let clock: ManualClock;
let reached: number[];
let inForce: InForce;
/** What is not in use yet, by tenant. */
let troubled: Map<string, PromiseWithResolvers<void>>;

beforeEach(() => {
  clock = manualClock();
  reached = [];
  troubled = new Map();
  inForce = createInForce({
    tenants: ['acme', 'other'],
    async settled(tenant) {
      const concerned = tenant === undefined ? [...troubled.keys()] : [tenant];
      await Promise.all(concerned.map((each) => troubled.get(each)?.promise));
    },
    onReached: (revision) => reached.push(revision),
    clock,
  });
});

it('in force - a revision counts once all that it brought is in use', async () => {
  const waiting = inForce.reached('acme', 4);
  inForce.applied(3);
  await settle();
  expect([inForce.revision, reached]).toEqual([3, [3]]);
  inForce.applied(4);
  await waiting;
  await inForce.reached('acme', 2);
  expect([inForce.revision, reached]).toEqual([4, [3, 4]]);
  expect(clock.timers).toBe(0);
});

it("in force - one tenant's trouble keeps back the receipt, not the other tenants", async () => {
  troubled.set('other', Promise.withResolvers());
  inForce.applied(5);
  await inForce.reached('acme', 5);
  inForce.applied(6);
  await inForce.reached('acme', 6);
  expect([inForce.revision, reached]).toEqual([0, []]);
  const late = inForce.reached('other', 5);
  troubled.get('other')?.resolve();
  await late;
  await settle();
  expect([inForce.revision, reached]).toEqual([6, [5, 6]]);
});

it('in force - a revision that does not come in time is UNREACHABLE', async () => {
  const waiting = expect(inForce.reached('acme', 5)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    retryable: true,
  });
  await clock.advance(5_000);
  await waiting;
  expect(clock.timers).toBe(0);
});
