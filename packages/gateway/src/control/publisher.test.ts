import type { Manifest } from '@causeway/protocol';
import { expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../../../test/support/manual-clock.ts';
import type { GuardedApi } from '../guard/served-api.ts';
import { createPublisher } from './publisher.ts';

const api = (version: string): Manifest => ({
  kind: 'api',
  service: 'quotes',
  version,
  endpoints: { latest: { request: true, reply: true } },
});

/** A publisher at a site that serves quotes 1.0.0. */
function open(): {
  clock: ManualClock;
  asked: string[];
  ensure(service: string, version?: string, tenant?: string): Promise<string>;
} {
  const clock = manualClock();
  const asked: string[] = [];
  const served = { source: { manifest: api('1.0.0') } } as GuardedApi;
  const publisher = createPublisher({
    state: {
      served: (_tenant, service, major) => (service === 'quotes' && major === 1 ? served : undefined),
    },
    control: {
      async publish(_tenant, service) {
        asked.push(service);
        return 7;
      },
    },
    inForce: { reached: async () => {} },
    clock,
  });
  return {
    clock,
    asked,
    ensure: (service, version = '2.0.0', tenant = 'acme') =>
      publisher.ensure(tenant, service, [api(version)]).then(
        () => 'published',
        (error: { code: string }) => error.code,
      ),
  };
}

it('publisher - what the site serves already is not asked for, however often', async () => {
  const { ensure, asked } = open();
  for (let at = 0; at < 1_000; at += 1) expect(await ensure('quotes', '1.0.0')).toBe('published');
  expect(asked).toEqual([]);
});

it('publisher - a service that publishes without end is held back, and others are not', async () => {
  const { ensure, asked, clock } = open();
  const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => ensure('flood')));
  expect(outcomes.filter((outcome) => outcome === 'published')).toHaveLength(20);
  expect(outcomes.filter((outcome) => outcome === 'OVERLOADED')).toHaveLength(980);
  expect(await ensure('desk')).toBe('published');
  await clock.advance(500);
  expect(await ensure('flood')).toBe('published');
  expect(asked).toHaveLength(22);
});

it('publisher - all services of a site together leave its gateway half of what the registry takes', async () => {
  const { ensure, asked, clock } = open();
  const flood = () =>
    Promise.all(
      Array.from({ length: 2_000 }, (_, at) => ensure(`s${at}`, '2.0.0', at % 2 ? 'acme' : 'globex')),
    );
  await flood();
  expect(asked).toHaveLength(250);
  await clock.advance(10_000);
  await flood();
  expect(asked).toHaveLength(500);
});

it('publisher - a tenant with many services leaves others room to publish at the same site', async () => {
  const { ensure, asked, clock } = open();
  for (let round = 1; round <= 3; round += 1) {
    await Promise.all(Array.from({ length: 2_000 }, (_, at) => ensure(`s${at}`)));
    expect(asked).toHaveLength(200 * round + (round - 1) * 10);
    for (let at = 0; at < 10; at += 1) expect(await ensure(`s${at}`, '2.0.0', 'globex')).toBe('published');
    await clock.advance(5_000);
  }
});
