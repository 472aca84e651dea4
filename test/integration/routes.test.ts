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
});
