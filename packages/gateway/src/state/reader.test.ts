import { ensureSite, findNatsServer, streamNames } from '@causeway/nats-server';
import { encodeJson } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  bareClient,
  bareFabric,
} from '../../../../test/support/bare-operator.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { until } from '../../../../test/support/until.ts';
import { readCompiled } from './reader.ts';
import { createSiteState } from './site-state.ts';

let fabric: BareFabric;
let server: BareClient;

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric([], { binary });
  server = await bareClient(fabric, fabric.hub);
}, 60_000);
afterAll(() => fabric?.dispose());

const put = (key: string, value: object) =>
  server.jsm.jetstream().publish(`$KV.compiled.edge-a.${key}`, encodeJson(value));
const seen = { apis: [{ service: 'quotes', major: 1, version: '1.0.0', sites: ['cloud'], endpoints: {} }] };

it('reader - of a stream that was made anew, what it lacks is void with its first revision', async () => {
  const ensure = () => ensureSite(server.jsm, { site: 'edge-a' });
  const told: string[] = [];
  const state = createSiteState({
    site: 'edge-a',
    logger: silent,
    listener: {
      visible() {},
      served() {},
      account() {},
      tenant() {},
      callers() {},
      rekey() {},
      user() {},
      revision: (_, changes) => told.push(...changes.map(({ event, service }) => `${event} ${service}`)),
    },
  });
  await ensure();
  await put('see.acme.desk', seen);
  await put('see.acme.other', seen);
  await put('revision', { revision: 7 });
  let anew = 0;
  const reading = readCompiled({
    connection: server.connection,
    site: 'edge-a',
    stream: streamNames.compiled,
    consumer: 'gw-1',
    state,
    onAnew: () => {
      anew += 1;
    },
    clock: systemClock,
    logger: silent,
  });
  try {
    await reading.caughtUp;
    expect([told, state.revision, anew]).toEqual([['published desk', 'published other'], 7, 0]);
    told.length = 0;
    await server.jsm.streams.delete(streamNames.compiled);
    await ensure();
    await until('the reader knows', () => anew === 1, { timeout: 20_000 });
    expect(state.visible('acme', 'desk').apis).toHaveLength(1);
    await put('see.acme.desk', seen);
    await put('revision', { revision: 7 });
    await until('the revision is applied', () => told.length > 0);
    expect(told).toEqual(['withdrawn other']);
    expect([...state.keys].sort()).toEqual(['revision', 'see.acme.desk']);
  } finally {
    await reading.close();
  }
});
