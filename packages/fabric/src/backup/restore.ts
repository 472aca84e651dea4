import { readdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { readSecret } from '@causeway/identity';
import { awaitRestored, leaveRestored } from '@causeway/registry';
import { putInPlace } from '../founding/found.ts';
import { fabricLayout } from '../layout.ts';
import { type RecoveryPorts, whileDown } from '../recovery/hub-access.ts';
import { readClaims, trustedIssuers } from '../recovery/resolvers.ts';
import { ownAccounts } from '../recovery/standing-accounts.ts';
import { FabricError, readHub, type SiteSettings, stateFormat } from '../settings.ts';
import { moveTakenPorts } from '../up/ports.ts';
import { type Archive, type ArchivedFile, unpackArchive } from './archive.ts';
import { writeFileOf } from './files.ts';
import { withoutRevoked } from './revoked-since.ts';

/** What a restore came to. */
export interface RestoreSummary {
  readonly dir: string;
  /** When the backup was made, ms since the epoch. */
  readonly made: number;
  readonly documents: number;
  readonly files: number;
  /** Sites whose ports another process has here, with those that were chosen instead. */
  readonly moved: readonly Pick<SiteSettings, 'site' | 'ports'>[];
  /** Sites and services that were revoked since, and stay so; of a whole fabric that is not known. */
  readonly revoked?: readonly string[];
}

async function readBackup(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new FabricError(`there is no backup at ${file}; check the path`);
    if (code === 'EISDIR') throw new FabricError(`${file} is a folder; name the file of a backup`);
    throw cause;
  }
}

async function read(file: string, passphrase: string | undefined): Promise<Archive> {
  const archive = unpackArchive(await readBackup(file), passphrase, file);
  if (archive.state > stateFormat) {
    throw new FabricError(
      `${file} holds a fabric of format ${archive.state}; this version of Causeway reads up to ${stateFormat}: use a newer one`,
    );
  }
  return archive;
}

/**
 * Makes a fabric's folder from a backup, where there is none, or an empty one. The documents are taken in when the
 * registry starts next. Ports that another process has here give way to others, for a fabric on one machine.
 */
export async function restoreFabric(
  options: { dir: string; file: string; passphrase: string | undefined },
  ports: Pick<RecoveryPorts, 'onProgress'>,
): Promise<RestoreSummary> {
  const { dir, file, passphrase } = options;
  const archive = await read(file, passphrase);
  ports.onProgress('putting back keys and documents');
  let moved: readonly SiteSettings[] = [];
  await putInPlace(dir, async (scratch) => {
    for (const each of archive.files) await writeFileOf(scratch, each);
    await leaveRestored(fabricLayout(scratch).registry, archive);
    const hub = await readHub(scratch);
    if (hub.listen === '127.0.0.1') moved = await moveTakenPorts(scratch);
  });
  return summaryOf(dir, archive, archive.files.length, moved);
}

/**
 * Puts back the hub of a fabric whose other sites stand: files of hub, registry and operator that are missing, and the
 * documents. What the hub's server had stored is put aside. The fabric must be down.
 */
export async function restoreHub(
  options: { dir: string; file: string; passphrase: string | undefined },
  ports: RecoveryPorts,
): Promise<RestoreSummary> {
  const { dir, file, passphrase } = options;
  const layout = fabricLayout(dir);
  const archive = await read(file, passphrase);
  const ca = archive.files.find((each) => each.path === 'pki/ca.pem')?.text;
  const standing = await readFile(layout.ca, 'utf8').catch(() => undefined);
  if (standing !== undefined && standing !== ca) {
    throw new FabricError(`${file} is a backup of another fabric than the one in ${layout.root}`);
  }
  return whileDown(dir, ports, async () => {
    ports.onProgress('putting back the hub');
    const missing: ArchivedFile[] = [];
    for (const each of archive.files) {
      // Of what stands, the file here is the newer one.
      const there = await stat(path.join(layout.root, each.path)).catch(() => undefined);
      if (!there && !/^sites\/(?!cloud\/)/.test(each.path)) missing.push(each);
    }
    await awaitRestored(layout.registry);
    for (const each of missing) await writeFileOf(layout.root, each);
    await putAside(layout.site('cloud').nats);
    const { documents, revoked } = await withoutRevoked({
      documents: archive.documents,
      claims: await readClaims(dir, await trustedIssuers(dir)),
      control: (await ownAccounts(dir)).control,
      operator: (await readSecret(path.join(layout.registry, 'operator-signing.nk'))).trim(),
      clock: ports.clock,
    });
    await leaveRestored(layout.registry, { revision: archive.revision, documents });
    return { ...summaryOf(dir, archive, missing.length, []), revoked };
  });
}

/** Keeps what is left of a store under another name: somebody may want to look at it. */
async function putAside(nats: string): Promise<void> {
  const names: readonly string[] = await readdir(nats).catch(() => []);
  if (!names.includes('jetstream')) return;
  let count = 1;
  while (names.includes(`jetstream.lost-${count}`)) count += 1;
  await rename(path.join(nats, 'jetstream'), path.join(nats, `jetstream.lost-${count}`));
}

function summaryOf(
  dir: string,
  { made, documents }: Archive,
  files: number,
  moved: readonly SiteSettings[],
): RestoreSummary {
  return {
    ...{ dir: fabricLayout(dir).root, made, documents: documents.length, files },
    moved: moved.map(({ site, ports }) => ({ site, ports })),
  };
}
