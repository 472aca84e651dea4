import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock, systemRandom } from '@causeway/transport';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { fabricLayout } from '../layout.ts';
import { FabricError, readFabric, readSite } from '../settings.ts';
import { checkPlan, type FabricPlan, foundFabric, isFounded } from './found.ts';

const ports = { clock: systemClock, random: systemRandom };

function plan(edges: readonly string[] = ['edge-a'], tenants: readonly string[] = ['acme']): FabricPlan {
  return {
    tenants,
    sites: ['cloud', ...edges].map((name, index) => ({
      ...{ name, cloud: index === 0, host: '127.0.0.1', listen: '127.0.0.1', alsoKnownAs: ['localhost'] },
      ports: { client: 1000 + index, monitor: 2000 + index, ...(index === 0 ? { leaf: 3000 } : {}) },
    })),
  };
}

const seed = /\bS[AOUX][A-Z2-7]{50,}|PRIVATE KEY/;

/** Paths and modes of every file and folder below one. */
async function tree(dir: string): Promise<{ path: string; mode: number; text: string | undefined }[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  return Promise.all(
    entries.map(async (entry) => {
      const place = path.join(entry.parentPath, entry.name);
      const { mode } = await stat(place);
      const text = entry.isFile() ? await readFile(place, 'utf8') : undefined;
      return { path: path.relative(dir, place), mode: mode & 0o777, text };
    }),
  );
}

async function newPlace(): Promise<string> {
  return path.join(await temporaryFolder(), 'deep', 'fabric');
}

describe('founding', () => {
  test('founding - every secret is its owner’s alone, and so is every folder that holds one', async () => {
    const dir = await newPlace();
    await foundFabric(dir, plan(), ports);
    const found = await tree(dir);
    const secret = found.filter(({ text }) => text !== undefined && seed.test(text));
    expect(secret.length).toBeGreaterThan(25);
    expect(secret.filter(({ mode }) => mode !== 0o600)).toEqual([]);
    const folders = new Set(secret.map((each) => path.dirname(each.path)));
    expect(
      found.filter((each) => folders.has(each.path) && each.mode !== 0o700).map((each) => each.path),
    ).toEqual([]);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    // Not by its text: it is no NKey.
    const queueSecret = found.find((each) => each.path === path.join('registry', 'queue-secret'));
    expect(queueSecret).toMatchObject({ mode: 0o600 });
  });

  test('founding - seeds stand in key and credentials files, and in no other', async () => {
    const dir = await newPlace();
    await foundFabric(dir, plan(), ports);
    const places = (await tree(dir)).filter(({ text }) => text !== undefined && seed.test(text));
    expect(places.map((each) => each.path).filter((each) => !/\.(nk|creds|key)$/.test(each))).toEqual([]);
    const seeds = places.flatMap(({ text }) => text?.match(/\bS[AOU][A-Z2-7]{50,}/g) ?? []);
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  test('founding - what was founded can be read, and nothing is left beside it', async () => {
    const dir = await newPlace();
    expect(await isFounded(dir)).toBe(false);
    await foundFabric(dir, plan(['edge-a', 'edge-b'], ['acme', 'beta']), ports);
    expect(await isFounded(dir)).toBe(true);
    expect(await readFabric(dir)).toMatchObject({
      sites: ['cloud', 'edge-a', 'edge-b'],
      tenants: ['acme', 'beta'],
    });
    expect(await readSite(dir, 'edge-b')).toMatchObject({ site: 'edge-b', cloud: false, gateway: 'gw-1' });
    expect(await readdir(path.dirname(dir))).toEqual(['fabric']);
  });

  test('founding - one that fails midway leaves nothing', async () => {
    const dir = await newPlace();
    for (const failsAt of [3, 12, 40]) {
      let drawn = 0;
      const random = {
        ...systemRandom,
        bytes(length: number) {
          drawn += 1;
          if (drawn === failsAt) throw new Error('no more chance');
          return systemRandom.bytes(length);
        },
      };
      await expect(foundFabric(dir, plan(), { ...ports, random })).rejects.toThrow('no more chance');
      expect(await isFounded(dir)).toBe(false);
      expect(await readdir(path.dirname(dir))).toEqual([]);
    }
  });

  test('founding - what a killed founding left is cleared away', async () => {
    const dir = await newPlace();
    await mkdir(`${dir}.founding/operator`, { recursive: true });
    await writeFile(`${dir}.founding/operator/stale.nk`, 'SO');
    await foundFabric(dir, plan([]), ports);
    expect(await readdir(fabricLayout(dir).operator)).not.toContain('stale.nk');
    expect(await readdir(path.dirname(dir))).toEqual(['fabric']);
  });

  test('founding - of two at once one founds, the other is told', async () => {
    const dir = await newPlace();
    const both = await Promise.allSettled([
      foundFabric(dir, plan([]), ports),
      foundFabric(dir, plan([]), ports),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = both.find((each) => each.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(FabricError);
    expect(await isFounded(dir)).toBe(true);
  });

  test('founding - a folder that holds something else is refused and stays as it was', async () => {
    const dir = await newPlace();
    await mkdir(dir, { recursive: true });
    await writeFile(path.join(dir, 'thesis.txt'), 'all my work');
    await expect(foundFabric(dir, plan([]), ports)).rejects.toThrow(
      new FabricError(`${dir} is not empty and holds no fabric; name another folder with --dir`),
    );
    expect(await tree(dir)).toMatchObject([{ path: 'thesis.txt', text: 'all my work' }]);
    expect(await readdir(path.dirname(dir))).toEqual(['fabric']);
  });

  test('founding - an empty folder gives way', async () => {
    const dir = await newPlace();
    await mkdir(dir, { recursive: true });
    await foundFabric(dir, plan([]), ports);
    expect(await isFounded(dir)).toBe(true);
  });
});

describe('plans', () => {
  test.each([
    [['cloud', 'Edge'], ['acme'], 'site "Edge" must be'],
    [['cloud', 'gw-1'], ['acme'], 'site "gw-1" would share'],
    [['cloud', 'auditor'], ['acme'], 'site "auditor" would share'],
    [['cloud', 'any'], ['acme'], 'site "any" is a reserved word'],
    [['cloud', '../up'], ['acme'], 'site "../up" must be'],
    [['cloud', ''], ['acme'], 'site "" must be'],
    [['cloud'], ['control'], 'tenant "control" reads like'],
    [['cloud'], ['site-a'], 'tenant "site-a" reads like'],
    [['cloud'], ['a.b'], 'tenant "a.b" must be'],
    [['cloud', 'edge-a', 'edge-a'], ['acme'], 'edge-a is named twice'],
    [['cloud'], ['acme', 'acme'], 'acme is named twice'],
    [['edge-a', 'cloud'], ['acme'], 'the first site is the hub and is called cloud'],
    [[], ['acme'], 'the first site is the hub'],
    [['cloud'], [], 'a fabric needs at least one tenant'],
  ])('founding - sites %j with tenants %j will not do', (sites, tenants, text) => {
    expect(() => checkPlan(sites, tenants)).toThrow(FabricError);
    expect(() => checkPlan(sites, tenants)).toThrow(text);
  });

  test('founding - a site and a tenant may share a name', () => {
    expect(() => checkPlan(['cloud', 'acme'], ['acme', 'cloud'])).not.toThrow();
  });

  test('founding - a bad plan touches nothing', async () => {
    const dir = await newPlace();
    await expect(foundFabric(dir, plan(['any']), ports)).rejects.toThrow(FabricError);
    await expect(readdir(path.dirname(dir))).rejects.toThrow('ENOENT');
  });
});
