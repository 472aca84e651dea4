import { findNatsServer } from '@causeway/nats-server';
import { StorageType } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  bareClient,
  bareFabric,
} from '../../../../test/support/bare-operator.ts';
import { openStores } from './stores.ts';

let fabric: BareFabric;
let hub: BareClient;

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric([], { binary });
  hub = await bareClient(fabric, fabric.hub);
  await hub.jsm.streams.add({
    name: 'FLOW',
    subjects: ['flow.>'],
    storage: StorageType.Memory,
    max_msgs_per_subject: 1,
    allow_msg_counter: true,
    allow_atomic: true,
    allow_direct: true,
  });
}, 60_000);
afterAll(() => fabric?.dispose());

describe('stores', () => {
  it('stores - counters and their watermark move together, and asking what is settled adds nothing', async () => {
    const stores = await openStores({
      connection: hub.connection,
      site: 'edge-a',
      gateway: 'gw-1',
      streams: { audit: 'AUDIT', flow: 'FLOW' },
    });
    const flow = stores.flow('acme');
    const counter = 'flow.edge-a.acme.desk.edge-a.quotes.v1.latest.calls';
    await flow.commit(new Map([[counter, 7]]), 2, 20);
    await flow.commit(new Map([[counter, 5]]), 1, 30);
    // Sent and given up: still on its way when what is settled is asked for.
    const late = flow.commit(new Map([[counter, 1]]), 4, 70);
    await Promise.resolve();
    expect(await flow.settled(30)).toBeGreaterThanOrEqual(3);
    await late;
    expect(await flow.settled(70)).toBe(7);
    expect(await flow.countedThrough()).toBe(70);
    const message = await hub.jsm.streams.getMessage('FLOW', { last_by_subj: counter });
    expect(message?.json()).toEqual({ val: '13' });
  });
});
