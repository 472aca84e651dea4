import { type Causeway, CausewayError, type ManifestOf } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: true, reply: true } },
} as const satisfies ManifestOf;

const allow = (name: string, service: string) => ({
  ...{ kind: 'policy', name, tenant: 'acme', effect: 'allow' },
  ...{ from: { service }, to: { service: 'quotes' } },
});

let fabric: TestFabric;
let desk: Causeway;

beforeAll(async () => {
  fabric = await startTestFabric();
  await fabric.admin.apply([allow('desk-quotes', 'desk'), allow('intern-quotes', 'intern')]);
  const quotes = await fabric.connect('edge-a', 'quotes');
  await quotes.serve(manifest, { latest: () => 1 });
  desk = await fabric.connect('edge-b', 'desk');
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

const run = (...args: string[]) => causeway(['--dir', fabric.dir, ...args]);
const call = (who: Causeway) =>
  who.call({ service: 'quotes', major: 1, endpoint: 'latest', site: undefined }, null).then(
    () => 'OK',
    (error: unknown) => CausewayError.from(error).code,
  );
const becomes = (who: Causeway, outcome: string) =>
  until(`a call gives ${outcome}`, async () => (await call(who)) === outcome);

describe('cli delete', () => {
  it('cli delete - a policy: whom it allowed is refused, others are not', async () => {
    const intern = await fabric.connect('edge-b', 'intern');
    await becomes(desk, 'OK');
    await becomes(intern, 'OK');
    const wrong = await run('delete', 'policy', 'intern-quote');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('there is no policy intern-quote; did you mean "intern-quotes"?');
    const used = await run('delete', 'policy', 'intern-quotes');
    expect(used).toMatchObject({ code: 1, stdout: '' });
    expect(used.stderr).toContain('it alone allows edge-b/intern quotes.v1.latest@edge-a; --force');
    const done = await run('delete', 'policy', 'intern-quotes', '--force');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^policy intern-quotes of tenant acme is deleted as of revision \d+\n$/);
    await becomes(intern, 'NO_ROUTE');
    expect(await call(desk)).toBe('OK');
    await becomes(await fabric.connect('edge-b', 'desk'), 'OK');
  });

  it('cli delete - an API that is served: no call reaches it, until an instance registers it anew', async () => {
    await becomes(desk, 'OK');
    await until('who called it reached the cloud', async () =>
      (await run('delete', 'api', 'quotes.v1')).stderr.includes('called by edge-b/desk (latest, '),
    );
    const used = await run('delete', 'api', 'quotes.v1');
    expect(used).toMatchObject({ code: 1, stdout: '' });
    expect(used.stderr).toMatch(
      /served at edge-a; named by policies desk-quotes; called by .*; --force deletes/,
    );
    const done = await run('delete', 'api', 'quotes.v1', '--force', '-o', 'json');
    expect({ code: done.code, ...JSON.parse(done.stdout) }).toMatchObject({ code: 0, sites: ['edge-a'] });
    await becomes(desk, 'NO_ROUTE');
    await until('nothing is discovered', async () => (await desk.discover()).length === 0);
    const { items } = await fabric.admin.get('services', 'acme/edge-a/quotes');
    expect(items).toMatchObject([{ hosts: [] }]);
    const again = await fabric.connect('edge-a', 'quotes');
    await again.serve(manifest, { latest: () => 2 });
    await becomes(desk, 'OK');
  });

  it('cli delete - a service: only when it was revoked, or by force', async () => {
    await fabric.identity('edge-b', 'former');
    const refused = await run('delete', 'service', 'acme/edge-b/former');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    const done = await run('delete', 'service', 'acme/edge-b/former', '--force');
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('; 1 key void\n') });
    expect((await fabric.admin.get('services', 'former')).items).toEqual([]);
    await expect(fabric.connect('edge-b', 'former')).rejects.toMatchObject({ code: 'REVOKED' });
    expect(await run('delete', 'service', 'acme/edge-b/former')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no service acme/edge-b/former'),
    });
  });

  it('cli delete - what is wrong usage is told as such', async () => {
    expect(await run('delete', 'service', 'x')).toMatchObject({ code: 2 });
    expect(await run('delete', 'site', 'edge-a')).toMatchObject({ code: 2 });
  });
});
