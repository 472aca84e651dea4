import type { DiscoveredApi } from '@causeway/protocol';
import { beforeEach, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { createIdleSites, type IdleSites, idleFor, seenIn } from './idle-sites.ts';

const api = (service: string, sites: string[]): DiscoveredApi => ({
  service,
  major: 1,
  version: '1.0.0',
  sites,
  endpoints: {},
});
const table = (apis: Record<string, DiscoveredApi[]>) =>
  new Map<string, unknown>(Object.entries(apis).map(([key, list]) => [`see.${key}`, { apis: list }]));

it('idle sites - a site is told of what its services see, and of no other API or site', () => {
  const seen = table({
    'acme.desk': [api('quotes', ['edge-a', 'cloud', 'edge-b'])],
    'acme.clerk': [api('news', ['edge-c'])],
    'globex.desk': [api('quotes', ['cloud'])],
  });
  const idle = (tenant: string, service: string) => tenant === 'acme' || service === 'secret';
  expect(Object.fromEntries(idleFor(seenIn('edge-a', seen), new Map(), idle))).toEqual({
    'idle.acme': { apis: { 'news.v1': ['edge-c'], 'quotes.v1': ['cloud', 'edge-b'] } },
  });
});

it('idle sites - what is not known stays as it was told, but goes with the right to see it', () => {
  const told = new Map([['idle.acme', { apis: { 'quotes.v1': ['cloud'], 'news.v1': ['cloud'] } }]]);
  const seen = table({ 'acme.desk': [api('quotes', ['cloud', 'edge-b'])] });
  expect(Object.fromEntries(idleFor(seenIn('edge-a', seen), told, () => undefined))).toEqual({
    'idle.acme': { apis: { 'quotes.v1': ['cloud'] } },
  });
});

it('idle sites - more than a message holds is cut off, so that it can be told at all', () => {
  const sites = Array.from({ length: 60 }, (_, n) => `site-${'x'.repeat(50)}-${n}`);
  const seen = table({
    'acme.desk': Array.from({ length: 500 }, (_, n) => api(`service-${n}`, sites)),
  });
  const [entry] = idleFor(seenIn('edge-a', seen), new Map(), () => true).values();
  expect(Buffer.byteLength(JSON.stringify(entry))).toBeLessThan(500_000);
  expect(Object.keys(entry?.apis ?? {}).length).toBeGreaterThan(100);
});

let clock: ManualClock;
let writes: [site: string, keys: string[]][];
let failing: boolean;
let idleNow: boolean;
let idleSites: IdleSites;
let lookedAt: string[];

beforeEach(() => {
  clock = manualClock();
  writes = [];
  failing = false;
  idleNow = true;
  lookedAt = [];
  const told = new Map<string, Map<string, unknown>>();
  idleSites = createIdleSites({
    compiler: {
      tables: new Map([
        ['edge-a', table({ 'acme.desk': [api('quotes', ['cloud'])] })],
        ['edge-b', table({ 'acme.desk': [api('news', ['edge-c'])] })],
        ['edge-c', table({ 'acme.desk': [] })],
      ]),
      beside(site) {
        lookedAt.push(site);
        return told.get(site) ?? new Map();
      },
      async tellBeside(site, each) {
        if (failing) throw new Error('the hub is away');
        writes.push([site, each.map(({ key }) => key)]);
        told.set(
          site,
          new Map(each.filter(({ value }) => value !== undefined).map(({ key, value }) => [key, value])),
        );
      },
    },
    serving: { idle: (_tenant, service) => service === 'quotes' && idleNow },
    clock,
    logger: silent,
  });
});

it('idle sites - the first change is told at once, later ones within half a second, and what stands is not told again', async () => {
  await clock.advance(0);
  expect(writes).toEqual([['edge-a', ['idle.acme']]]);
  for (let n = 0; n < 10; n += 1) {
    idleNow = !idleNow;
    idleSites.serves('cloud');
  }
  await clock.advance(10_000);
  expect(writes).toHaveLength(1);
  idleNow = false;
  idleSites.serves('cloud');
  idleSites.serves('cloud');
  await clock.advance(500);
  expect(writes).toHaveLength(2);
  idleSites.close();
  expect(clock.timers).toBe(0);
});

it('idle sites - a site that could not be told is told later', async () => {
  failing = true;
  await clock.advance(10);
  expect(writes).toEqual([]);
  failing = false;
  await clock.advance(1_000);
  expect(writes).toEqual([['edge-a', ['idle.acme']]]);
});

it('idle sites - after the first round only the sites are looked at that see what changed', async () => {
  await clock.advance(1_000);
  expect(lookedAt).toEqual(['edge-a', 'edge-b', 'edge-c']);
  lookedAt = [];
  idleSites.serves('cloud');
  await clock.advance(1_000);
  expect(lookedAt).toEqual(['edge-a']);
  idleSites.sees('edge-c');
  await clock.advance(1_000);
  expect(lookedAt).toEqual(['edge-a', 'edge-c']);
  lookedAt = [];
  idleSites.serves('edge-z');
  await clock.advance(1_000);
  expect(lookedAt).toEqual([]);
  idleSites.serves(undefined);
  await clock.advance(1_000);
  expect(lookedAt).toEqual(['edge-a', 'edge-b', 'edge-c']);
});
