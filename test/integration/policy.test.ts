import path from 'node:path';
import { addService } from '@causeway/fabric';
import { type Causeway, connect } from '@causeway/sdk';
import { systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

describe('policy', () => {
  let fabric: TestFabric;
  const callers = new Map<string, Causeway>();

  /** Connects as an identity that bears labels. */
  async function caller(service: string, labels: Record<string, string>): Promise<void> {
    const out = path.join(fabric.dir, `${service}.creds`);
    await addService(fabric.admin, { tenant: 'acme', site: 'edge-b', service, out, labels }, systemRandom);
    const { ca } = fabric;
    callers.set(service, await connect({ url: fabric.url('edge-b'), creds: out, ca, logger: silent }));
  }

  const outcome = async (service: string, endpoint = 'latest'): Promise<string> => {
    const api = callers.get(service)?.service('quotes', 1);
    return api?.[endpoint]?.({}).then(
      () => 'OK',
      (error: { code: string; reason: string }) => `${error.code} ${error.reason}`,
    ) as Promise<string>;
  };
  const becomes = (service: string, code: string, endpoint?: string) =>
    until(
      `${service} hears ${code}`,
      async () => (await outcome(service, endpoint)).startsWith(code) || undefined,
      {
        timeout: 15_000,
      },
    );
  const policy = (name: string, more: object) => ({
    ...{ kind: 'policy', tenant: 'acme', name, from: {}, to: { service: 'quotes' }, effect: 'allow' },
    ...more,
  });

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a', 'edge-b'] });
    const quotes = await fabric.connect('edge-a', 'quotes');
    const endpoint = { request: true, reply: true };
    const manifest = { kind: 'api' as const, service: 'quotes', version: '1.0.0' };
    await quotes.serve(
      { ...manifest, endpoints: { latest: endpoint, secret: endpoint } },
      { latest: () => ({}), secret: () => ({}) },
    );
    await caller('desk', { team: 'trading' });
    await caller('risk', { team: 'control' });
  });
  afterAll(async () => {
    for (const each of callers.values()) await each.close();
    await fabric?.[Symbol.asyncDispose]();
  });

  it('policy - labels and globs are enforced by the gateway, and a deny tells its reason', async () => {
    await fabric.admin.apply([
      policy('traders', { from: { site: 'edge-*', labels: { team: 'trad*' } } }),
      policy('no-secrets', {
        ...{ to: { service: 'q*', endpoints: ['sec*'] }, effect: 'deny' },
        reason: 'ask the controllers',
      }),
    ]);
    await becomes('desk', 'OK');
    expect(await outcome('risk')).toMatch(/^NO_ROUTE /);
    const request = { tenant: 'acme', from: { site: 'edge-b', service: 'desk' } };
    const to = { service: 'quotes', major: 1, endpoint: 'secret' };
    const [explained] = (await fabric.admin.explain({ ...request, to })).sites;
    expect(explained?.reason).toContain('ask the controllers');
    expect(await outcome('desk', 'secret')).toBe(`DENIED ${explained?.reason}`);
  });

  it('policy - a policy ends by itself, for calls and for what is discovered', async () => {
    const expires = new Date(Date.now() + 4_000).toISOString();
    await fabric.admin.apply([policy('visitors', { from: { service: 'risk' }, expires })]);
    await becomes('risk', 'OK');
    const seen = async () => (await callers.get('risk')?.discover())?.length;
    await until('risk sees the API', async () => (await seen()) === 1 || undefined, { timeout: 3_000 });
    await becomes('risk', 'NO_ROUTE');
    await until('risk sees it no more', async () => (await seen()) === 0 || undefined, { timeout: 5_000 });
  });

  it('policy - explain tries policies that nobody applied, and what it says is to be added does', async () => {
    const request = {
      ...{ tenant: 'acme', from: { site: 'edge-b', service: 'risk' } },
      to: { service: 'quotes', major: 1, endpoint: 'latest' },
    };
    const [denied] = (await fabric.admin.explain(request)).sites;
    expect(denied).toMatchObject({ decision: 'deny', code: 'NO_ROUTE' });
    const add = denied?.add ?? {};
    const tried = await fabric.admin.explain({ ...request, policies: [add] });
    expect(tried.sites[0]).toMatchObject({ decision: 'allow', policy: add.name });
    expect(await outcome('risk')).toMatch(/^NO_ROUTE /);
    await fabric.admin.apply([add]);
    await becomes('risk', 'OK');
  });
});
