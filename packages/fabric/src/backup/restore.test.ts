import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock, systemRandom } from '@causeway/transport';
import { expect, it } from 'vitest';
import { silent } from '../../../../test/support/silent-logger.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { foundFabric } from '../founding/found.ts';
import { fabricLayout } from '../layout.ts';
import { stateFormat } from '../settings.ts';
import { packArchive } from './archive.ts';
import { readFiles } from './files.ts';
import { restoreHub } from './restore.ts';

const ports = {
  ...{ clock: systemClock, random: systemRandom, logger: silent, onProgress: () => {} },
  findServer: () => Promise.reject(new Error('no server is needed for this')),
};

it('restore - a hub that is put back and cut short does not start with what the fabric was founded with', async () => {
  const folder = await temporaryFolder();
  const dir = path.join(folder, 'fabric');
  const site = { host: '127.0.0.1', listen: '127.0.0.1', alsoKnownAs: [], name: 'cloud', cloud: true };
  await foundFabric(
    dir,
    { sites: [{ ...site, ports: { client: 1, monitor: 2, leaf: 3 } }], tenants: ['acme'] },
    ports,
  );
  const layout = fabricLayout(dir);
  const files = (await readFiles(layout.root)).filter((file) => !file.path.endsWith('operator-signing.nk'));
  const file = path.join(folder, 'backup');
  const archive = { state: stateFormat, made: systemClock.now(), revision: 9, documents: [], files };
  await writeFile(file, packArchive(archive, undefined, systemRandom));
  await rm(layout.registry, { recursive: true });
  await rm(layout.site('cloud').folder, { recursive: true });
  await expect(restoreHub({ dir, file, passphrase: undefined }, ports)).rejects.toThrow(
    'operator-signing.nk',
  );
  // All is there for a registry to start with, but for the documents; this is what stops it.
  await expect(readFile(layout.bootstrap, 'utf8')).resolves.toContain('acme');
  const bucket = await readFile(path.join(layout.registry, 'documents.json'), 'utf8');
  expect(bucket).toContain('a restore that was cut short');
});
