import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Machine, onPath, programName } from './locations.ts';
import { PINNED_VERSION } from './version.ts';

const MODULE = `github.com/nats-io/nats-server/v2@v${PINNED_VERSION}`;
const LAST_WORDS = 3;

/**
 * Builds the pinned nats-server from source with the Go on `PATH`, with every folder that Go writes to inside
 * `folder`. Go verifies the module against its checksum database. Returns the path of the program.
 * Rejects with a reason fit for the user: no Go, or Go's own last words (no network, too old a Go).
 */
export async function goInstall(
  folder: string,
  machine: Machine,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const [go] = await onPath(machine.platform === 'win32' ? 'go.exe' : 'go', machine);
  if (!go) throw new Error('there is no `go` on PATH');

  const env = await goEnvironment(folder, machine.env);
  onProgress(`building ${MODULE} with ${go} (a few minutes, once)`);
  const child = spawn(go, ['install', MODULE], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    windowsHide: true,
    ...(signal && { signal }),
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // Awaited below, after the last line: without this, a failed spawn would count as unhandled until then.
  ended.catch(() => {});

  const lastWords: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.startsWith('go: downloading ')) onProgress(line);
    else lastWords.push(line.trim());
  }
  const code = await ended;
  if (code !== 0) {
    const said = lastWords.slice(-LAST_WORDS).join(' | ') || 'it said nothing';
    throw new Error(`\`go install ${MODULE}\` failed: ${said}`);
  }
  return join(folder, 'bin', programName(machine.platform));
}

/**
 * Go's environment with each folder it writes to moved into `folder`. What the user configured for reaching modules
 * (`GOPROXY`, `GOSUMDB`, `go env -w`) stays as it is.
 */
async function goEnvironment(folder: string, env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const folders = {
    GOPATH: join(folder, 'path'),
    GOMODCACHE: join(folder, 'mod'),
    GOCACHE: join(folder, 'build'),
    GOBIN: join(folder, 'bin'),
    GOTMPDIR: join(folder, 'tmp'),
    // Undocumented, but the only way to keep Go's usage counters out of the user's configuration folder.
    TEST_TELEMETRY_DIR: join(folder, 'telemetry'),
  };
  await Promise.all(Object.values(folders).map((path) => mkdir(path, { recursive: true })));
  const result: NodeJS.ProcessEnv = {
    ...env,
    ...folders,
    // Go writes its module cache read-only, which would keep us from removing it afterwards.
    GOFLAGS: '-modcacherw -trimpath',
    CGO_ENABLED: '0',
    GOWORK: 'off',
  };
  // With GOBIN set Go refuses to build for another machine, and this one is meant anyway.
  for (const name of ['GOOS', 'GOARCH']) delete result[name];
  return result;
}
