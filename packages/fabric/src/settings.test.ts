import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { fabricLayout } from './layout.ts';
import { FabricError, readFabric, readSite, siteUrl, stateFormat } from './settings.ts';

async function folderWith(text: string): Promise<string> {
  const dir = await temporaryFolder();
  await writeFile(fabricLayout(dir).fabric, text);
  return dir;
}

test('settings - a fabric is read as it was written', async () => {
  const settings = { format: stateFormat, sites: ['cloud'], tenants: ['acme'] };
  expect(await readFabric(await folderWith(JSON.stringify(settings)))).toEqual(settings);
});

test('settings - a folder without a fabric says how to get one', async () => {
  const dir = path.join(await temporaryFolder(), 'none');
  await expect(readFabric(dir)).rejects.toThrow(
    new FabricError(
      `there is no fabric in ${dir}; start one with causeway up, or name its folder with --dir`,
    ),
  );
});

test('settings - a newer format is refused, with what to do', async () => {
  const dir = await folderWith(JSON.stringify({ format: stateFormat + 1, sites: [], tenants: [] }));
  await expect(readFabric(dir)).rejects.toThrow(
    `has format ${stateFormat + 1}; this version of Causeway reads up to ${stateFormat}: use a newer one`,
  );
});

test.each([
  ...['', '{', 'null', '{}', '[]', '"x"', '{"format":"1"}', '{"format":0,"sites":[],"tenants":[]}'],
  ...['{"format":1}', '{"format":1,"sites":["cloud"],"tenants":[1]}'],
])('settings - %j is no fabric', async (text) => {
  const dir = await folderWith(text);
  await expect(readFabric(dir)).rejects.toThrow(FabricError);
  await expect(readFabric(dir)).rejects.toThrow(/restore it from a backup/);
});

test('settings - a site that there is not is named', async () => {
  const dir = await folderWith('{"format":1,"sites":["cloud"],"tenants":[]}');
  await expect(readSite(dir, 'edge-x')).rejects.toThrow(
    `there is no folder of site edge-x in ${dir}; causeway get sites lists the sites`,
  );
  const { folder, settings } = fabricLayout(dir).site('edge-x');
  await mkdir(folder, { recursive: true });
  await writeFile(settings, JSON.stringify({ format: stateFormat, site: 'edge-x' }));
  await expect(readSite(dir, 'edge-x')).rejects.toThrow(`${settings} is damaged`);
  const whole = { site: 'edge-x', host: '127.0.0.1', ports: { client: 1, monitor: 2 }, gateway: 'gw-1' };
  await writeFile(settings, JSON.stringify({ format: stateFormat, ...whole }));
  expect((await readSite(dir, 'edge-x')).site).toBe('edge-x');
});

test('settings - where clients reach a site', () => {
  expect(siteUrl({ host: 'hub.test', ports: { client: 4222, monitor: 1 } })).toBe('tls://hub.test:4222');
});
