import { expect, test } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { createGateways, gatewayLeaseMs } from './gateways.ts';

const beat = { protocol: 1, gateway: 'gw-1', revision: 3 };

test('gateways - a renewal says when it was heard of, its revision and its instances', async () => {
  const clock = manualClock();
  const gateways = createGateways(clock);
  expect(gateways.of('edge-a')).toEqual([]);
  gateways.renewed('edge-a', { ...beat, instances: { 'acme.quotes': 2 } });
  await clock.advance(1_200);
  expect(gateways.of('edge-a')).toEqual([
    { site: 'edge-a', name: 'gw-1', seen: 1_200, revision: 3, instances: { 'acme.quotes': 2 } },
  ]);
  expect(gateways.of('edge-b')).toEqual([]);
  await clock.advance(gatewayLeaseMs);
  expect(gateways.of('edge-a')[0]?.seen).toBeGreaterThan(gatewayLeaseMs);
  gateways.renewed('edge-a', beat);
  expect(gateways.of('edge-a')).toEqual([
    { site: 'edge-a', name: 'gw-1', seen: 0, revision: 3, instances: {} },
  ]);
});

test('gateways - memory grows old until the next figure, also past the greatest age that can be told', async () => {
  const clock = manualClock();
  const gateways = createGateways(clock);
  const memory = { rss: 90_000_000, age: 0 };
  const memories = () => {
    const [gateway] = gateways.of('edge-a');
    return [gateway?.memory, gateway?.serverMemory];
  };
  gateways.renewed('edge-a', { ...beat, memory, serverMemory: { rss: 20_000_000, age: 4_000 } });
  await clock.advance(1_500);
  expect(memories()).toEqual([
    { rss: 90_000_000, age: 1_500 },
    { rss: 20_000_000, age: 5_500 },
  ]);
  gateways.renewed('edge-a', beat);
  expect(memories()[0]).toEqual({ rss: 90_000_000, age: 1_500 });
  gateways.renewed('edge-a', { ...beat, memory: { rss: 1, age: Number.MAX_SAFE_INTEGER } });
  await clock.advance(60_000);
  expect(memories()[0]).toEqual({ rss: 1, age: Number.MAX_SAFE_INTEGER });
});

test('gateways - a receipt alone is no sign of life, and only a renewal takes a revision back', () => {
  const gateways = createGateways(manualClock());
  gateways.received('edge-a', 'gw-2', 9);
  expect(gateways.of('edge-a')).toEqual([
    { site: 'edge-a', name: 'gw-2', seen: undefined, revision: 9, instances: {} },
  ]);
  gateways.received('edge-a', 'gw-2', 4);
  expect(gateways.of('edge-a')[0]?.revision).toBe(9);
  gateways.renewed('edge-a', { ...beat, gateway: 'gw-2' });
  expect(gateways.of('edge-a')[0]?.revision).toBe(3);
  gateways.received('edge-a', 'gw-2', 4);
  expect(gateways.of('edge-a')[0]?.revision).toBe(4);
});

test('gateways - replicas and sites are kept apart', () => {
  const gateways = createGateways(manualClock());
  gateways.renewed('edge-a', beat);
  gateways.renewed('edge-a', { ...beat, gateway: 'gw-2', revision: 1 });
  gateways.renewed('edge-b', { ...beat, revision: 7 });
  expect(gateways.of('edge-a').map(({ name, revision }) => [name, revision])).toEqual([
    ['gw-1', 3],
    ['gw-2', 1],
  ]);
  expect(gateways.of('edge-b').map(({ revision }) => revision)).toEqual([7]);
});
