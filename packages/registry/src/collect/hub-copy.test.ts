import { findNatsServer, type StreamMessage } from '@causeway/nats-server';
import { JetStreamApiError, StorageType } from '@nats-io/jetstream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  bareClient,
  bareFabric,
} from '../../../../test/support/bare-operator.ts';
import { openHubCopy } from './hub-copy.ts';

let fabric: BareFabric;
let hub: BareClient;

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric([], { binary });
  hub = await bareClient(fabric, fabric.hub);
}, 60_000);
afterAll(() => fabric?.dispose());

beforeEach(async () => {
  await hub.jsm.streams.delete('AUDIT').catch(() => undefined);
  await hub.jsm.streams.add({
    name: 'AUDIT',
    subjects: ['from.*.audit.>'],
    storage: StorageType.Memory,
    allow_atomic: true,
  });
});

const open = (site = 'edge-a') => openHubCopy({ js: hub.js, manager: hub.jsm, site, kind: 'audit' });

function messages(from: number, to: number): StreamMessage[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    subject: 'audit.acme.edge-a.gw-1.access',
    headers: undefined,
    data: new TextEncoder().encode(`block ${from + index}`),
    sequence: from + index,
    time: 0,
    pending: 0,
  }));
}

const stored = async () => (await hub.jsm.streams.info('AUDIT')).state.messages;

describe('hub copy', () => {
  it('hub copy - goes on where it ended, one message or many at a time, sites between each other', async () => {
    const copy = open();
    expect(await copy.position()).toBeUndefined();
    await copy.append(messages(1, 1), 'first');
    await copy.append(messages(2, 5), 'first');
    const other = open('edge-b');
    await other.position();
    await other.append(messages(1, 3), 'other');
    await copy.append(messages(6, 6), 'first');
    expect(await open().position()).toEqual({ sequence: 6, created: 'first' });
    expect(await other.position()).toEqual({ sequence: 3, created: 'other' });
    expect(await stored()).toBe(9);
    expect(await open().subjects()).toEqual(['audit.acme.edge-a.gw-1.access']);
    expect(await open('edge-c').subjects()).toEqual([]);
  });

  it.each([
    ['one message', 6],
    ['many', 9],
  ])('hub copy - of two that append %s at the same place, the later stores nothing', async (_, to) => {
    const given = open();
    await given.append(messages(1, 5), 'first');
    const late = open();
    await late.position();
    await given.append(messages(6, to), 'first');
    await expect(late.append(messages(6, to), 'first')).rejects.toThrow(JetStreamApiError);
    expect(await stored()).toBe(to);
    expect(await late.position()).toEqual({ sequence: to, created: 'first' });
    await late.append(messages(to + 1, to + 2), 'first');
    expect(await stored()).toBe(to + 2);
  });
});
