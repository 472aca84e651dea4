import path from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { startTestFabric } from '../support/fabric.ts';
import { rawClient } from '../support/raw-client.ts';
import { until } from '../support/until.ts';

const work = {
  kind: 'api',
  service: 'work',
  version: '1.0.0',
  endpoints: { echo: { request: {}, reply: {} } },
} as const;
const echo = { service: 'work', major: 1, endpoint: 'echo', site: 'edge-a' };
const codeOf = (error: unknown) => (error as { code?: string }).code;

it('strict - whoever is answered finds the record stored already, of a refusal too', async () => {
  await using fabric = await startTestFabric({ edges: ['edge-a'] });
  const server = await fabric.connect('edge-a', 'work');
  await server.serve(work, { echo: (input) => input });
  const careful = await fabric.connect('edge-a', 'careful');
  await fabric.admin.apply([
    {
      kind: 'policy',
      name: 'careful',
      from: { service: 'careful' },
      to: { service: 'work' },
      effect: 'allow',
      audit: 'strict',
      limits: { rate: 0.01, burst: 10 },
    },
  ]);
  await until('the policy is in force', async () => (await careful.discover()).length > 0);

  const creds = path.join(fabric.dir, 'sites/edge-a/creds/gateway.creds');
  const gateway = await rawClient(fabric, 'edge-a', creds, '_INBOX.edge-a.gateway.gw-1');
  try {
    const { direct } = await jetstreamManager(gateway, { checkAPI: false });
    const lastBlock = async (kind: 'access' | 'refusal') => {
      const subject = `audit.acme.edge-a.gw-1.${kind}`;
      return (await direct.getMessage('AUDIT', { last_by_subj: subject }))?.string() ?? '';
    };
    for (let number = 0; number < 12; number += 1) {
      const trace = `${number}`.padStart(32, 'a');
      const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
      const code = await careful.call(echo, number, { traceparent }).then(() => 'OK', codeOf);
      expect(code).toBe(number < 10 ? 'OK' : 'RATE_LIMITED');
      expect(await lastBlock(code === 'OK' ? 'access' : 'refusal')).toContain(trace);
    }
  } finally {
    await gateway.close();
  }
});
