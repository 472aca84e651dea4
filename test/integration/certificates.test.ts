import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fabricLayout, readProcesses } from '@causeway/fabric';
import { describeCertificate } from '@causeway/identity';
import type { Logger } from '@causeway/protocol';
import { connect } from '@causeway/sdk';
import { describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const lifeMs = 60_000;
const certificateDays = lifeMs / 86_400_000;

const echo = {
  kind: 'api',
  service: 'echo',
  version: '1.0.0',
  endpoints: { say: { request: { type: 'integer' }, reply: { type: 'integer' } } },
} as const;

async function certificateOf(fabric: TestFabric, site: string) {
  const file = path.join(fabricLayout(fabric.dir).site(site).nats, 'tls', 'server.pem');
  return describeCertificate(await readFile(file, 'utf8'));
}

describe('certificates', { timeout: 180_000 }, () => {
  it.each([
    ['by the authority', false],
    ['by the registry, with the authority’s key kept elsewhere', true],
  ])('certificates - those that live a minute are renewed %s, and no call ever fails', async (_, offline) => {
    await using fabric = await startTestFabric({ edges: ['edge-a'], certificateDays });
    if (offline) await rename(fabricLayout(fabric.dir).caKey, `${fabricLayout(fabric.dir).caKey}.away`);
    await fabric.admin.apply([
      { kind: 'policy', name: 'echo', from: {}, to: { service: 'echo' }, effect: 'allow' },
    ]);
    const server = await fabric.connect('edge-a', 'echo');
    await server.serve(echo, { say: (n) => n });
    const caller = await fabric.connect('cloud', 'caller');
    const say = (n: number) =>
      caller.call({ service: 'echo', major: 1, endpoint: 'say', site: undefined }, n);
    await until('the first call', async () => (await say(0)) === 0);
    const first = await Promise.all(['cloud', 'edge-a'].map((site) => certificateOf(fabric, site)));
    const end = Math.max(...first.map(({ notAfter }) => notAfter)) + 2_000;
    let calls = 0;
    while (Date.now() < end) {
      expect(await say(calls)).toBe(calls);
      calls += 1;
      await delay(50);
    }
    for (const [index, site] of ['cloud', 'edge-a'].entries()) {
      const now = await certificateOf(fabric, site);
      expect(now.fingerprint).not.toBe(first[index]?.fingerprint);
      expect(now.notAfter).toBeGreaterThan(Date.now());
      expect(now.hosts).toEqual(first[index]?.hosts);
    }
    // The ones that these servers started with have ended: who comes now is shown the new ones.
    const late = await fabric.connect('edge-a', 'late');
    expect(await late.call({ service: 'echo', major: 1, endpoint: 'say', site: undefined }, 7)).toBe(7);
    expect(calls).toBeGreaterThan(100);
  });

  it('certificates - one that has expired is named as such on both ends', async () => {
    const said: { site?: string; text: string }[] = [];
    const logger: Logger = {
      ...silent,
      error: (fields, text) => void said.push({ ...fields, text }),
      child: (bindings) => ({
        ...logger,
        error: (fields, text) => void said.push({ ...bindings, ...fields, text }),
      }),
    };
    await using fabric = await startTestFabric({
      edges: ['edge-a'],
      certificateDays: 25_000 / 86_400_000,
      logger,
    });
    const layout = fabricLayout(fabric.dir);
    // As on a machine that is not the one where the fabric was founded.
    await rename(layout.caKey, `${layout.caKey}.away`);
    // Nor can the registry sign.
    const issuing = path.join(layout.registry, 'issuing-ca.key');
    await rename(issuing, `${issuing}.away`);
    const { notAfter } = await certificateOf(fabric, 'cloud');
    const creds = await fabric.identity('cloud', 'late');
    await until('the certificate has expired', () => Date.now() > notAfter, { timeout: 40_000 });
    await expect(
      connect({ url: fabric.url('cloud'), creds, ca: fabric.ca, logger: silent }).then((causeway) =>
        causeway.close(),
      ),
    ).rejects.toThrow(/certificate has expired/);
    await until('the hub’s own side says so', () =>
      said.some(({ site, text }) => site === 'cloud' && /has expired/.test(text)),
    );
    const edge = (await readProcesses(layout.processes))['server edge-a'] as number;
    process.kill(edge, 'SIGKILL');
    await until(
      'the edge’s server names it as well',
      async () =>
        /certificate has expired/.test(await readFile(path.join(layout.logs, 'server-edge-a.log'), 'utf8')),
      { timeout: 20_000 },
    );
  });
});
