import type { DiscoveredApi } from '@causeway/protocol';
import { systemRandom } from '@causeway/transport';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ManualClock, manualClock, settle } from '../../../test/support/manual-clock.ts';
import { silent } from '../../../test/support/silent-logger.ts';
import { type ModelSite, modelSite } from './discovery.test-support.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import type { WatchEvent } from './types.ts';

const api = (service: string, version = '1.0.0', sites = ['edge-a']): DiscoveredApi => ({
  service,
  major: 1,
  version,
  sites,
  endpoints: {},
});

interface Open {
  readonly clock: ManualClock;
  readonly site: ModelSite;
  readonly discovery: Discovery;
}

function open(): Open {
  const clock = manualClock();
  const site = modelSite(clock);
  const { connection, gateway, link } = site;
  const identity = { site: 'edge-a', service: 'desk' };
  const ports = { clock, random: systemRandom, logger: silent };
  return {
    clock,
    site,
    discovery: createDiscovery({ identity, connection, gateway, link, ...ports }),
  };
}

/** A promise that settles as the clock moves. */
async function during<T>(clock: ManualClock, promise: Promise<T>, ms = 5_000): Promise<T> {
  promise.catch(() => {});
  await clock.advance(ms);
  return promise;
}

/** Applies events to a list, and finds fault with each that says what is so already. */
function fold(list: Map<string, DiscoveredApi>, event: WatchEvent): string | undefined {
  const old = list.get(event.service);
  if (event.event === 'withdrawn') {
    list.delete(event.service);
    return old ? undefined : `${event.service} was withdrawn and is not there`;
  }
  list.set(event.service, event.api as DiscoveredApi);
  if ((event.event === 'published') === (old !== undefined)) return `${event.event} ${event.service}`;
  return JSON.stringify(old) === JSON.stringify(event.api) ? `${event.service} was told twice` : undefined;
}

const byName = (apis: Iterable<DiscoveredApi>) =>
  [...apis].sort((a, b) => (a.service < b.service ? -1 : 1)).map((each) => JSON.stringify(each));

describe('discovery', () => {
  it('discovery - with onChange, what is in the list is not told, and all that comes after it is, once', async () => {
    const { clock, site, discovery } = open();
    site.put([api('quotes')], true);
    const told: WatchEvent[] = [];
    const controller = new AbortController();
    const { signal } = controller;
    const list = await during(clock, discovery.discover({ onChange: (event) => told.push(event), signal }));
    expect(list).toEqual([api('quotes')]);
    expect(told).toEqual([]);
    site.put([api('quotes', '1.1.0'), api('news')], true);
    await clock.advance(100);
    expect(told.map(({ event, service }) => `${event} ${service}`)).toEqual([
      'changed quotes',
      'published news',
    ]);
    controller.abort();
    site.put([], true);
    await clock.advance(100);
    expect(told).toHaveLength(2);
    discovery.stop();
    await settle();
  });

  it('discovery - a registry made anew, with lower revisions, is believed; also by a gateway started anew', async () => {
    for (const restart of [false, true]) {
      const { clock, site, discovery } = open();
      site.put([api('quotes')], true, 900);
      await clock.advance(100);
      if (restart) site.kill();
      site.put([api('news')], true, 3);
      site.start();
      await clock.advance(2_000);
      expect(await during(clock, discovery.discover())).toEqual([api('news')]);
      expect(discovery.revision).toBe(3);
      // And goes on to be: what it announces is seen at once.
      site.put([], true);
      await clock.advance(50);
      expect(discovery.lists('news', 1, undefined)).toBe(false);
      discovery.stop();
    }
  });

  it('discovery - so it is of a gateway of an earlier version, which names no lists', async () => {
    const { clock, site, discovery } = open();
    site.naming = false;
    site.put([api('quotes')], true, 900);
    await clock.advance(100);
    site.put([api('news')], true, 3);
    await clock.advance(3_000);
    expect(await during(clock, discovery.discover())).toEqual([api('news')]);
    discovery.stop();
  });

  it('discovery - a gateway of an earlier version in the place of a new one is not asked by names', async () => {
    const { clock, site, discovery } = open();
    site.put([api('quotes')], true);
    await clock.advance(100);
    site.naming = false;
    site.put([api('news')], true);
    await clock.advance(100);
    expect(await during(clock, discovery.discover())).toEqual([api('news')]);
    expect(site.asked.at(-1)).toHaveProperty('since');
    discovery.stop();
  });

  it('discovery - a replica that lags behind takes nothing back', async () => {
    const { clock, site, discovery } = open();
    const told: string[] = [];
    discovery.watch(({ event, service }) => told.push(`${event} ${service}`));
    await clock.advance(100);
    site.put([api('quotes')], true);
    await clock.advance(100);
    site.lag(600);
    const list = await during(clock, discovery.discover());
    expect(list).toEqual([api('quotes')]);
    expect(told).toEqual(['published quotes']);
    discovery.stop();
  });

  it('discovery - what a cut swallowed is asked for when the link is back, not when the request would time out', async () => {
    const { clock, site, discovery } = open();
    await clock.advance(100);
    site.put([api('quotes')], true);
    site.cut();
    await clock.advance(1_000);
    site.heal();
    await clock.advance(50);
    expect(discovery.lists('quotes', 1, undefined)).toBe(true);
    discovery.stop();
  });

  it('discovery - an announcement that was lost is made up for within ten seconds, where somebody watches', async () => {
    const { clock, site, discovery } = open();
    const told: string[] = [];
    discovery.watch(({ event }) => told.push(event));
    await clock.advance(100);
    site.put([api('quotes')], false);
    await clock.advance(10_100);
    expect(told).toEqual(['published']);
    discovery.stop();
    expect(clock.timers).toBe(0);
  });

  it('discovery - calls that come while one is under way share the next', async () => {
    const { clock, site, discovery } = open();
    await clock.advance(100);
    const before = site.asked.length;
    const lists = await during(clock, Promise.all(Array.from({ length: 50 }, () => discovery.discover())));
    expect(new Set(lists.map((list) => JSON.stringify(list))).size).toBe(1);
    expect(site.asked.length - before).toBe(2);
    discovery.stop();
  });
});

const lists = fc.array(
  fc.record({
    service: fc.constantFrom('quotes', 'news', 'rates'),
    version: fc.constantFrom('1.0.0', '1.1.0'),
    sites: fc.constantFrom(['edge-a'], ['cloud', 'edge-a'], ['edge-a', 'cloud']),
  }),
  { maxLength: 3 },
);
const listOf = (entries: readonly { service: string; version: string; sites: readonly string[] }[]) => [
  ...new Map(
    entries.map((entry) => [entry.service, api(entry.service, entry.version, [...entry.sites])]),
  ).values(),
];
const step = fc.oneof(
  { weight: 4, arbitrary: lists.map((list) => ({ kind: 'put' as const, list })) },
  { weight: 1, arbitrary: lists.map((list) => ({ kind: 'put unheard' as const, list })) },
  { weight: 1, arbitrary: lists.map((list) => ({ kind: 'made anew' as const, list })) },
  {
    weight: 5,
    arbitrary: fc.constantFrom('cut', 'heal', 'kill', 'start', 'lag').map((kind) => ({ kind })),
  },
  { weight: 1, arbitrary: fc.boolean().map((naming) => ({ kind: 'version' as const, naming })) },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 3_000 }).map((ms) => ({ kind: 'wait' as const, ms })) },
);

describe('discovery, whatever happens', () => {
  it('discovery - the events, applied to the first list, give the list that stands; none twice, none missing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), lists, async (steps, first) => {
        const { clock, site, discovery } = open();
        let era = 100_000;
        site.put(listOf(first), true, era);
        const events: WatchEvent[] = [];
        const list = await during(clock, discovery.discover({ onChange: (event) => events.push(event) }));
        const folded = new Map(list.map((each) => [each.service, each]));
        for (const each of steps) {
          if ('ms' in each) await clock.advance(each.ms);
          else if ('naming' in each) site.naming = each.naming;
          else if ('list' in each) {
            if (each.kind === 'made anew') {
              // Lower each time, but none twice: a gateway of an earlier version cannot tell two lists of one revision apart.
              era -= 100;
              site.put(listOf(each.list), true, era);
            } else site.put(listOf(each.list), each.kind === 'put');
          } else if (each.kind === 'lag') site.lag(600);
          else site[each.kind as 'cut' | 'heal' | 'kill' | 'start']();
        }
        site.heal();
        site.start();
        await clock.advance(15_000);
        const faults = events.map((event) => fold(folded, event)).filter((fault) => fault !== undefined);
        expect(faults).toEqual([]);
        expect(byName(folded.values())).toEqual(byName(site.table.apis));
        expect(byName(await during(clock, discovery.discover()))).toEqual(byName(site.table.apis));
        discovery.stop();
      }),
      { numRuns: 500 },
    );
  });

  it('discovery - two events that say the same are a fault that the property finds', () => {
    const event: WatchEvent = {
      event: 'published',
      service: 'quotes',
      major: 1,
      revision: 1,
      api: api('quotes'),
    };
    const folded = new Map<string, DiscoveredApi>();
    expect([fold(folded, event), fold(folded, event)]).toEqual([undefined, 'published quotes']);
  });
});
