import type { Causeway, Serving } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { readRecords } from '../support/records.ts';
import { until } from '../support/until.ts';

const clockwork = {
  kind: 'api',
  service: 'clockwork',
  version: '1.0.0',
  endpoints: { where: { request: true, reply: { type: 'string' } } },
} as const;

describe('route', () => {
  let fabric: TestFabric;
  let desk: Causeway;
  const servings = new Map<string, Serving>();

  const where = () => desk.service<typeof clockwork>('clockwork', 1).where(0);
  const seen = async () => (await desk.discover())[0];

  async function serve(site: string): Promise<void> {
    const server = await fabric.connect(site, 'clockwork');
    servings.set(site, await server.serve(clockwork, { where: () => site }));
  }

  /** Applies one policy for desk, and waits until it discovers what that says. */
  async function routed(route: object, to: object, sites: string[]): Promise<void> {
    await fabric.admin.apply([
      {
        ...{ kind: 'policy', name: 'where', from: { service: 'desk' }, effect: 'allow', route },
        to: { service: 'clockwork', ...to },
      },
    ]);
    const wanted = sites.join();
    await until(`desk is to try ${wanted}`, async () => (await seen())?.sites.join() === wanted || undefined);
  }

  /** A site that had no instance stays last until callers are told that it has one; all calls are answered meanwhile. */
  async function firstAgain(site: string): Promise<void> {
    const failed: unknown[] = [];
    const answered = () => where().catch((error: unknown) => void failed.push(error));
    await until(`${site} is first again`, async () => (await answered()) === site);
    expect(failed).toEqual([]);
  }

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a', 'edge-b'] });
    for (const site of ['cloud', 'edge-a', 'edge-b']) await serve(site);
    desk = await fabric.connect('edge-b', 'desk');
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  it('route - sites are called in their order, the next where one has no instance, and the first again when it has', async () => {
    await routed({ order: ['edge-a', 'cloud'] }, {}, ['edge-a', 'cloud', 'edge-b']);
    await until('edge-a answers', async () => (await where()) === 'edge-a' || undefined);
    for (let call = 0; call < 20; call += 1) expect(await where()).toBe('edge-a');
    await servings.get('edge-a')?.stop();
    for (let call = 0; call < 5; call += 1) expect(await where()).toBe('cloud');
    await servings.get('cloud')?.stop();
    for (let call = 0; call < 5; call += 1) expect(await where()).toBe('edge-b');
    await serve('edge-a');
    await serve('cloud');
    await firstAgain('edge-a');
    for (let call = 0; call < 5; call += 1) expect(await where()).toBe('edge-a');
    // One that is named is called, whatever the route says.
    expect(await desk.service<typeof clockwork>('clockwork', 1).where(0, { site: 'cloud' })).toBe('cloud');
  });

  it('route - each site has its weight of the calls', async () => {
    await routed({ weights: { 'edge-a': 3, 'edge-b': 1 } }, {}, ['edge-a', 'edge-b', 'cloud']);
    expect((await seen())?.route).toEqual({ by: 'weights', weights: { 'edge-a': 3, 'edge-b': 1 } });
    const count: Record<string, number> = {};
    for (let call = 0; call < 400; call += 1) {
      const site = await where();
      count[site] = (count[site] ?? 0) + 1;
    }
    // Of 400 calls 100 and 300, and by chance far less than half as much away.
    expect(Object.keys(count).sort()).toEqual(['edge-a', 'edge-b']);
    expect(Math.abs((count['edge-b'] ?? 0) - 100)).toBeLessThan(50);
  });

  it('route - a site that is not granted is never tried, though the route names it', async () => {
    await routed({ order: ['cloud', 'edge-a', 'edge-b'] }, { site: 'edge-*' }, ['edge-a', 'edge-b']);
    await until('edge-a answers', async () => (await where()) === 'edge-a' || undefined);
    await servings.get('edge-a')?.stop();
    await servings.get('edge-b')?.stop();
    const before = (await readRecords(fabric)).filter(({ site }) => site === 'cloud').length;
    await expect(where()).rejects.toMatchObject({ code: 'NO_INSTANCE' });
    await serve('edge-a');
    await serve('edge-b');
    await firstAgain('edge-a');
    const records = await until('both tries are recorded', async () => {
      const all = await readRecords(fabric);
      return all.filter(({ code }) => code === 'NO_INSTANCE').length >= 2 ? all : undefined;
    });
    expect(records.filter(({ site }) => site === 'cloud')).toHaveLength(before);
  });
});
