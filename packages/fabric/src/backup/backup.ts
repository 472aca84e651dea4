import { stat } from 'node:fs/promises';
import path from 'node:path';
import { writeSecret } from '@causeway/identity';
import { exportDocuments } from '@causeway/registry';
import { fabricLayout } from '../layout.ts';
import { type RecoveryPorts, withHub } from '../recovery/hub-access.ts';
import { requireNoRotation } from '../recovery/rotation.ts';
import { FabricError, readFabric } from '../settings.ts';
import { whileSettled } from '../up/changing.ts';
import { endLeftovers } from '../up/leftovers.ts';
import { packArchive } from './archive.ts';
import { readFiles } from './files.ts';

/** What a backup came to. */
export interface BackupSummary {
  readonly file: string;
  readonly sealed: boolean;
  readonly revision: number;
  readonly documents: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes a fabric's keys and documents into one file of mode 0600. The documents are those of one revision, read from
 * the hub; where the fabric is down its hub is started for that. Throws a FabricError where the file is there already,
 * unless it may be replaced.
 */
export async function backupFabric(
  options: { dir: string; file: string; passphrase: string | undefined; replace: boolean },
  ports: RecoveryPorts,
): Promise<BackupSummary> {
  const { dir, passphrase, replace } = options;
  const file = path.resolve(options.file);
  const layout = fabricLayout(dir);
  const { format } = await readFabric(dir);
  await requireNoRotation(dir);
  if (!replace && (await stat(file).catch(() => undefined))) {
    throw new FabricError(`${file} is there already; choose another name, or replace it with --force`);
  }
  // Nobody changes the folder meanwhile: keys and documents are of one moment.
  const { revision, documents, files } = await whileSettled(layout, async (isUp) => {
    if (!isUp) await endLeftovers(layout, ports.clock);
    const found = await withHub(dir, ports, async (hub) => {
      ports.onProgress('reading the documents');
      return exportDocuments(await hub.connect('registry.creds'));
    });
    if (!found) {
      throw new FabricError(
        'the hub holds no documents yet; start the fabric once with causeway up, and back it up then',
      );
    }
    // After the documents: credentials that are newer than they are do no harm, older ones might.
    return { ...found, files: await readFiles(layout.root) };
  });
  const bytes = packArchive(
    { state: format, made: ports.clock.now(), revision, documents, files },
    passphrase,
    ports.random,
  );
  await writeSecret(file, bytes);
  const summary = { revision, documents: documents.length, files: files.length, bytes: bytes.length };
  return { file, sealed: passphrase !== undefined, ...summary };
}
