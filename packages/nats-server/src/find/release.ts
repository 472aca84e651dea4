import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type Machine, programName } from './locations.ts';
import { RELEASE_CHECKSUMS } from './release-checksums.ts';
import { PINNED_VERSION } from './version.ts';

/** Where releases are and which archives are trusted. */
export interface ReleaseSource {
  /** The folder that holds the archives, without a slash at the end. */
  readonly baseUrl: string;
  /** SHA-256 in hexadecimal by archive name; an archive that is not listed is not downloaded. */
  readonly checksums: Readonly<Record<string, string>>;
}

/** The project's own releases. */
export const OFFICIAL_RELEASE: ReleaseSource = {
  baseUrl: `https://github.com/nats-io/nats-server/releases/download/v${PINNED_VERSION}`,
  checksums: RELEASE_CHECKSUMS,
};

/** The whole download, 8 MB at most: on a line too slow for that, building from source is no quicker. */
const DOWNLOAD_TIMEOUT_MS = 120_000;
const PLATFORMS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-amd64.tar.gz',
  'linux-arm64': 'linux-arm64.tar.gz',
  'darwin-x64': 'darwin-amd64.tar.gz',
  'darwin-arm64': 'darwin-arm64.tar.gz',
  'win32-x64': 'windows-amd64.zip',
};

/** Name of the release archive for a machine; undefined where Causeway knows of none. */
export function archiveName(machine: Machine): string | undefined {
  const suffix = PLATFORMS[`${machine.platform}-${machine.arch}`];
  return suffix && `nats-server-v${PINNED_VERSION}-${suffix}`;
}

/**
 * Downloads the release archive into `folder`, verifies it against its pinned checksum and unpacks it there.
 * Returns the path of the program. Rejects with a reason fit for the user: no archive or no checksum for this
 * machine, no network, another checksum, an archive that `tar` cannot read.
 */
export async function downloadRelease(
  folder: string,
  machine: Machine,
  source: ReleaseSource,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const name = archiveName(machine);
  if (!name) throw new Error(`there is no release archive for ${machine.platform}-${machine.arch}`);
  const expected = source.checksums[name];
  if (!expected) throw new Error(`no checksum is pinned for ${name}, so it is not downloaded`);

  const archive = join(folder, name);
  const url = `${source.baseUrl}/${name}`;
  onProgress(`downloading ${url}`);
  const actual = await downloadTo(archive, url, signal);
  if (actual !== expected) {
    throw new Error(`the checksum of ${url} is ${actual}, but ${expected} was expected: it was thrown away`);
  }
  // Every platform has tar; the one of Windows (bsdtar) reads zip archives as well.
  await promisify(execFile)('tar', ['-xf', name], {
    cwd: folder,
    windowsHide: true,
    ...(signal && { signal }),
  });
  return join(folder, name.replace(/\.tar\.gz$|\.zip$/, ''), programName(machine.platform));
}

async function downloadTo(file: string, url: string, signal?: AbortSignal): Promise<string> {
  const limit = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
  const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, limit]) : limit }).catch(
    (error) => {
      throw new Error(`${url} cannot be reached (${rootCause(error)})`);
    },
  );
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`);
  const hash = createHash('sha256');
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(file));
  return hash.digest('hex');
}

function rootCause(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
