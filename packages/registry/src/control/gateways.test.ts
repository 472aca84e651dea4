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
