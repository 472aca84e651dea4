import { fabricLayout, readProcesses } from '@causeway/fabric';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { rawClient } from '../support/raw-client.ts';
import { rawInstance } from '../support/raw-instance.ts';
import { until } from '../support/until.ts';

const site = 'edge-a';
const manifest = {
  kind: 'api',
  service: 'comes-and-goes',
  version: '1.0.0',
  endpoints: { say: { request: {}, reply: {} } },
};

describe('routes', () => {
  let fabric: TestFabric;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: [site] });
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  it('routes - a call that is on its way while the last instance goes is answered all the same', async () => {
    const { service } = manifest;
    await fabric.admin.apply([
      { kind: 'policy', name: 'p', from: { service: 'caller' }, to: { service }, effect: 'allow' },
    ]);
    const instance = await rawInstance(fabric, site, manifest);
    instance.onRequest = ({ reply = '' }) => instance.connection.publish(reply, '1');
    const caller = await rawClient(
      fabric,
      site,
      await fabric.identity(site, 'caller'),
      `_INBOX.${site}.caller`,
    );
    const answers = new Map<string, string>();
    const inbox = `_INBOX.${site}.caller.c`;
    caller.subscribe(`${inbox}.*`, {
      callback: (_, { subject, headers }) => {
        const status = headers?.code ? String(headers.code) : 'OK';
        answers.set(subject, headers?.get('Nats-Service-Error-Code') || status);
      },
    });
    let sent = 0;
    const call = () => {
      sent += 1;
      caller.publish(`call.${site}.caller.any.${service}.v1.say`, '1', { reply: `${inbox}.${sent}` });
    };
    const health = (healthy: boolean) =>
      instance.connection.publish(
        `registry.${site}.${service}.renew`,
        JSON.stringify({ instance: 'one', healthy }),
        { reply: `_INBOX.${site}.${service}.c.renewed` },
      );
    await until('it can be called', () => {
      call();
      return [...answers.values()].includes('OK');
    });
    // Anycast interest comes and goes with the health, in the midst of a stream of calls.
    for (let round = 0; round < 300; round += 1) {
      health(round % 2 === 1);
      for (let n = 0; n < 20; n += 1) call();
      await Promise.all([caller.flush(), instance.connection.flush()]);
    }
    await until('each is answered', () => answers.size === sent, { timeout: 5_000 });
    expect(new Set(answers.values())).toEqual(new Set(['OK', '503']));
    await caller.close();
    await instance.close();
  });

  it('routes - a gateway that stops tells who waits, also where replies wait for their records', async () => {
    const service = 'says-nothing';
    const endpoints = { say: { request: {}, reply: {} } };
    await fabric.admin.apply([
      {
        kind: 'policy',
        name: 's',
        from: { service: 'asker' },
        to: { service },
        effect: 'allow',
        audit: 'strict',
      },
    ]);
    const instance = await rawInstance(fabric, site, { ...manifest, service, endpoints } as typeof manifest);
    let asked = 0;
    instance.onRequest = ({ reply = '', data }) => {
      if (data.toString() === 'null') instance.connection.publish(reply, '1');
      else asked += 1;
    };
    const asker = await fabric.connect(site, 'asker');
    const call = (input: unknown) =>
      asker.call({ service, major: 1, endpoint: 'say', site: undefined }, input, { timeout: 20_000 });
    await until('it can be called', () => call(null).then(() => true));
    const waiting = Array.from({ length: 20 }, () => call(1).catch((error: Error) => error.message));
    await until('all are asked', () => asked === waiting.length);
    const name = `gateway ${site}`;
    const pid = (await readProcesses(fabricLayout(fabric.dir).processes))[name] ?? 0;
    process.kill(pid, 'SIGTERM');
    const told = `DEADLINE_EXCEEDED: the gateway of ${site} closed before ${service} answered`;
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([told]));
    await instance.close();
  });
});
