import { addService } from '@causeway/fabric';
import type { DiscoveredApi } from '@causeway/protocol';
import type { Serving, WatchEvent } from '@causeway/sdk';
import { systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';

const api = (service: string, ...endpoints: string[]) => ({
  kind: 'api' as const,
  tenant: 'acme',
  service,
  version: '1.0.0',
  endpoints: Object.fromEntries(
    endpoints.map((name) => [name, { request: { type: 'integer' }, reply: { type: 'integer' } }]),
  ),
});
const allow = (name: string, to: object, more: object = {}) => ({
  kind: 'policy',
  tenant: 'acme',
  name,
  from: { service: 'desk' },
  to,
  effect: 'allow',
  ...more,
});

let fabric: TestFabric;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a', 'edge-b'], tenants: ['acme', 'globex'] });
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

const serve = async (site: string, service: string, ...endpoints: string[]): Promise<Serving> => {
  const causeway = await fabric.connect(site, service);
  const handlers = Object.fromEntries(endpoints.map((name) => [name, (n: unknown) => n]));
  return causeway.serve(api(service, ...endpoints), handlers as never);
};

/** Says of an identity at edge-a what an administrator says. */
const label = async (service: string, labels: Record<string, string>) => {
  const out = `${await fabric.identity('edge-a', service)}.again`;
  await addService(fabric.admin, { tenant: 'acme', site: 'edge-a', service, out, labels }, systemRandom);
};

/** A watcher of one API, who folds what he is told into what he knows. */
async function watcher(site: string, service: string) {
  const causeway = await fabric.connect(site, 'desk');
  const events: WatchEvent[] = [];
  const folded = new Map<string, DiscoveredApi>();
  const onChange = (event: WatchEvent) => {
    events.push(event);
    if (event.api) folded.set(`${event.service}.v${event.major}`, event.api);
    else folded.delete(`${event.service}.v${event.major}`);
  };
  for (const each of await causeway.discover({ onChange })) {
    folded.set(`${each.service}.v${each.major}`, each);
  }
  return {
    causeway,
    events: () => events.filter((event) => event.service === service).map(({ event }) => event),
    api: () => folded.get(`${service}.v1`),
    async agrees() {
      const list = await causeway.discover();
      expect([...folded.values()].map((each) => JSON.stringify(each)).sort()).toEqual(
        list.map((each) => JSON.stringify(each)).sort(),
      );
    },
  };
}

describe('discovery', () => {
  it('discovery - what is published, granted and withdrawn is seen at once, with the schemas of what is granted', async () => {
    const seen = await watcher('edge-a', 'quotes');
    await fabric.admin.apply([api('quotes', 'latest', 'secret')]);
    await fabric.admin.apply([allow('q', { service: 'quotes', endpoints: ['latest'] })]);
    expect(seen.api()).toBeUndefined();
    const serving = await serve('cloud', 'quotes', 'latest', 'secret');
    await until('it is seen', () => seen.api()?.sites.length === 1);
    expect(seen.api()).toMatchObject({
      sites: ['cloud'],
      endpoints: { latest: { request: { type: 'integer' } } },
    });
    expect(Object.keys(seen.api()?.endpoints ?? {})).toEqual(['latest']);
    await fabric.admin.apply([allow('q', { service: 'quotes' })]);
    await until('the other endpoint is seen', () => 'secret' in (seen.api()?.endpoints ?? {}));
    await fabric.admin.delete({ kind: 'policy', tenant: 'acme', name: 'q', force: true });
    await until('it is withdrawn', () => seen.api() === undefined);
    expect(seen.events().at(-1)).toBe('withdrawn');
    await seen.agrees();
    await serving.stop();
  });

  it('discovery - an endpoint that is granted at one site only, a deny by label, and a policy that expires', async () => {
    const seen = await watcher('edge-a', 'rates');
    const servings = [await serve('cloud', 'rates', 'x', 'y'), await serve('edge-b', 'rates', 'x', 'y')];
    await fabric.admin.apply([allow('r', { service: 'rates', site: 'edge-b', endpoints: ['y'] })]);
    await until('one site and endpoint', () => seen.api()?.sites.join() === 'edge-b');
    expect(Object.keys(seen.api()?.endpoints ?? {})).toEqual(['y']);
    await label('desk', { team: 'night' });
    await fabric.admin.apply([
      { ...allow('no-night', { service: 'rates' }), from: { labels: { team: 'night' } }, effect: 'deny' },
    ]);
    await until('a label denies it', () => seen.api() === undefined);
    await fabric.admin.delete({ kind: 'policy', tenant: 'acme', name: 'no-night', force: true });
    await until('it is back', () => seen.api() !== undefined);
    const expires = Date.now() + 6_000;
    await fabric.admin.apply([
      allow('r', { service: 'rates' }, { expires: new Date(expires).toISOString() }),
    ]);
    await until('both sites, until then', () => seen.api()?.sites.length === 2);
    await until('it has expired', () => seen.api() === undefined);
    expect(Date.now()).toBeGreaterThanOrEqual(expires);
    await seen.agrees();
    for (const serving of servings) await serving.stop();
  });

  it('discovery - a site whose instances stop goes last, at every other site and its own, and comes back', async () => {
    const servings = await Promise.all(['cloud', 'edge-b'].map((site) => serve(site, 'news', 'x')));
    await fabric.admin.apply([allow('n', { service: 'news' })]);
    const far = await watcher('edge-a', 'news');
    const near = await watcher('cloud', 'news');
    const order = (seen: typeof far) => [seen.api()?.sites.join(), seen.api()?.idle?.join()];
    for (const seen of [far, near]) {
      await until('both are there', () => order(seen).join(' ') === 'cloud,edge-b ');
    }
    await servings[0]?.stop();
    for (const seen of [far, near]) {
      await until('the cloud is last', () => order(seen).join(' ') === 'edge-b,cloud cloud');
    }
    await serve('cloud', 'news', 'x');
    for (const seen of [far, near]) {
      await until('the cloud is back', () => order(seen).join(' ') === 'cloud,edge-b ');
      expect(seen.events().slice(-2)).toEqual(['changed', 'changed']);
      await seen.agrees();
    }
  });

  it('discovery - an unhealthy instance is none', async () => {
    let healthy = true;
    const causeway = await fabric.connect('edge-b', 'ill');
    await causeway.serve(api('ill', 'x'), { x: (n: unknown) => n } as never, { health: () => healthy });
    await fabric.admin.apply([allow('i', { service: 'ill' })]);
    const seen = await watcher('edge-a', 'ill');
    await until('it is there', () => seen.api() !== undefined && seen.api()?.idle === undefined);
    healthy = false;
    await until('its site has none', () => seen.api()?.idle?.join() === 'edge-b', { timeout: 15_000 });
    healthy = true;
    await until('it is well', () => seen.api()?.idle === undefined, { timeout: 15_000 });
  });

  it('discovery - a service of another tenant with the same name sees nothing, and hears nothing', async () => {
    const stranger = await fabric.connect('edge-a', 'desk', 'globex');
    const heard: WatchEvent[] = [];
    expect(await stranger.discover({ onChange: (event) => heard.push(event) })).toEqual([]);
    await serve('cloud', 'open', 'x');
    await fabric.admin.apply([{ ...allow('all', { service: '*' }), from: {} }]);
    const seen = await watcher('edge-a', 'open');
    await until('its own tenant sees it', () => seen.api() !== undefined);
    expect(await stranger.discover()).toEqual([]);
    expect(heard).toEqual([]);
  });
});
