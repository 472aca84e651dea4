import type { Site } from '@causeway/protocol';
import { beforeEach, expect, test } from 'vitest';
import { type ManualClock, manualClock } from '../../../../test/support/manual-clock.ts';
import { siteOf } from '../test-support.ts';
import { createHints, type Hints } from './hint.ts';

let clock: ManualClock;
let hints: Hints;
/** What gateways were told: subject and revision. */
let told: [subject: string, revision: number][];
/** The revision that each site has said it has. */
let having: Record<string, number>;
let sites: Map<string, Site>;

beforeEach(() => {
  clock = manualClock();
  told = [];
  having = {};
  const twoGateways: Site = { ...siteOf('edge-b'), gateways: { 'gw-1': ['U1'], 'gw-2': ['U2'] } };
  sites = new Map([
    ['edge-a', siteOf('edge-a')],
    ['edge-b', twoGateways],
  ]);
  hints = createHints({
    connection: {
      publish: (subject, payload) =>
        void told.push([subject, JSON.parse(new TextDecoder().decode(payload as Uint8Array)).revision]),
    },
    siteOf: (name) => sites.get(name),
    has: ({ name }, revision) => (having[name] ?? 0) >= revision,
    clock,
  });
});

const inbox = (site: string, gateway = 'gw-1') => `_INBOX.${site}.gateway.${gateway}.changed`;

test('hint - each gateway of the site is told at once, and nobody else', () => {
  hints.changed('edge-b', 7);
  expect(told).toEqual([
    [inbox('edge-b', 'gw-1'), 7],
    [inbox('edge-b', 'gw-2'), 7],
  ]);
});

test('hint - it is given again after 300, 700 and 1500 ms while no receipt comes, and then no more', async () => {
  hints.changed('edge-a', 7);
  const after = async (ms: number) => {
    await clock.advance(ms);
    return told.length;
  };
  expect([await after(299), await after(1)]).toEqual([1, 2]);
  expect([await after(699), await after(1)]).toEqual([2, 3]);
  expect([await after(1_499), await after(1)]).toEqual([3, 4]);
  expect(await after(60_000)).toBe(4);
  expect(new Set(told.map(([, revision]) => revision))).toEqual(new Set([7]));
  expect(clock.timers).toBe(0);
});

test('hint - a receipt ends it; one of an older revision does not', async () => {
  hints.changed('edge-a', 7);
  having['edge-a'] = 6;
  await clock.advance(300);
  expect(told).toHaveLength(2);
  having['edge-a'] = 7;
  await clock.advance(60_000);
  expect(told).toHaveLength(2);
  expect(clock.timers).toBe(0);
});

test('hint - a change is told also where the site said before that it has its revision: tables can be compiled anew', () => {
  having['edge-a'] = 7;
  hints.changed('edge-a', 7);
  expect(told).toHaveLength(1);
});

test('hint - a newer change takes the place of the one before, which is not told again', async () => {
  hints.changed('edge-a', 7);
  await clock.advance(200);
  hints.changed('edge-a', 8);
  await clock.advance(60_000);
  expect(told.map(([, revision]) => revision)).toEqual([7, 8, 8, 8, 8]);
});

test('hint - sites do not take each other’s place, and one that has it leaves the others theirs', async () => {
  hints.changed('edge-a', 7);
  hints.changed('edge-b', 8);
  having['edge-b'] = 8;
  await clock.advance(300);
  expect(told.map(([subject]) => subject)).toEqual([
    inbox('edge-a'),
    inbox('edge-b', 'gw-1'),
    inbox('edge-b', 'gw-2'),
    inbox('edge-a'),
  ]);
});

test('hint - a site that is not there is told nothing, nor one that went meanwhile', async () => {
  hints.changed('edge-x', 7);
  expect([told.length, clock.timers]).toEqual([0, 0]);
  hints.changed('edge-a', 7);
  sites.delete('edge-a');
  await clock.advance(60_000);
  expect([told.length, clock.timers]).toEqual([1, 0]);
});

test('hint - closed, it tells nobody again', async () => {
  hints.changed('edge-a', 7);
  hints.changed('edge-b', 7);
  hints.close();
  expect(clock.timers).toBe(0);
  await clock.advance(60_000);
  expect(told).toHaveLength(3);
});
