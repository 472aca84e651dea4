import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { FabricError } from '../settings.ts';
import { readFiles, writeFileOf } from './files.ts';

it('backup files - keys and settings are in it; stores, logs and what is half written are not', async () => {
  const root = await temporaryFolder();
  const files = {
    ...{ 'fabric.json': 0o644, 'pki/ca.pem': 0o644, 'registry/queue-secret': 0o600 },
    ...{ 'sites/edge-a/creds/gateway.creds': 0o600, 'sites/edge-a/nats/resolver/A.jwt': 0o600 },
  };
  const others = [
    ...['logs/up.log', 'run/up.pid', 'thesis.txt', 'registry/documents.json', 'registry/restore.json'],
    ...[
      'sites/edge-a/nats/jetstream/x/msgs/1.blk',
      'sites/cloud/nats/jetstream.lost-1/a',
      'sites/a/counters.json',
    ],
    ...[
      'sites/edge-a/nats/operator.jwt.12.tmp',
      'registry/.operator-signing.nk.x1/new',
      'sites/b.new/site.json',
    ],
  ];
  for (const [name, mode] of [...Object.entries(files), ...others.map((each) => [each, 0o644] as const)]) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), name, { mode });
  }
  const found = await readFiles(root);
  expect(found.map((each) => each.path)).toEqual(Object.keys(files).sort());
  expect(found.find((each) => each.path === 'pki/ca.pem')).toMatchObject({ open: true, text: 'pki/ca.pem' });

  const copy = await temporaryFolder();
  for (const each of found) await writeFileOf(copy, { ...each, open: true });
  expect(await readFiles(copy)).toEqual(
    found.map((each) => ({ ...each, open: !/creds$|queue-secret/.test(each.path) })),
  );
  for (const folder of ['registry', 'pki', 'sites']) {
    expect((await stat(path.join(copy, folder))).mode & 0o777).toBe(0o700);
  }
  expect(await readFile(path.join(copy, 'registry', 'queue-secret'), 'utf8')).toBe('registry/queue-secret');
});

it.each([
  ...[
    '../x',
    '/etc/passwd',
    'sites/../../x',
    'sites//x',
    'logs/x',
    'run/up.pid',
    '',
    'sites/a b',
    'sites/.',
    'x',
  ],
])('backup files - %j is written nowhere', async (place) => {
  const root = await temporaryFolder();
  const written = writeFileOf(root, { path: place, open: false, text: '' });
  await expect(written).rejects.toThrow(FabricError);
  expect(await readdir(root)).toEqual([]);
});
