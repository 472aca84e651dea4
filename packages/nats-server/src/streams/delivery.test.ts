import { expect, it } from 'vitest';
import { parseDelivery } from './delivery.ts';

const wanted = { sequence: 12, delivery: 3, time: 1_795_000_000_123, pending: 7 };

it.each([
  ['the old form', '$JS.ACK.AUDIT.gw-1.1.12.3.1795000000123456789.7'],
  ['the form with domain and account', '$JS.ACK.edge-a.HASH.AUDIT.gw-1.1.12.3.1795000000123456789.7'],
  ['that form with a token behind', '$JS.ACK.edge-a.HASH.AUDIT.gw-1.1.12.3.1795000000123456789.7.xyz'],
])('delivery - takes %s apart', (_name, reply) => {
  expect(parseDelivery(reply)).toEqual(wanted);
});

it.each([
  undefined,
  '',
  '_INBOX.x',
  '$JS.ACK.AUDIT.gw-1',
  '$JS.ACK.AUDIT.gw-1.1.x.3.1795000000123456789.7',
  '$JS.ACK.AUDIT.gw-1.1.12.3.1795000000123456789.-7',
])('delivery - %j is none', (reply) => {
  expect(parseDelivery(reply)).toBeUndefined();
});
