import { execFile } from 'node:child_process';

/** The release that Causeway is built and tested against, and the one it installs. */
export const PINNED_VERSION = '2.15.2';

/** The oldest nats-server that Causeway runs on: permissions and sources it relies on came with this one. */
export const MINIMUM_VERSION = '2.14.0';

/** What `nats-server --version` said, or why it said nothing useful. */
export type VersionProbe = { readonly version: string } | { readonly problem: string };

const PROBE_TIMEOUT_MS = 10_000;
const VERSION_LINE = /^nats-server: v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\s*$/m;

/**
 * Runs `path --version` and reads the answer (`nats-server: v2.15.2`).
 * Never throws: a program that is missing, hangs for 10 s, or is something else comes back as a `problem`.
 */
export function probeVersion(path: string, signal?: AbortSignal): Promise<VersionProbe> {
  return new Promise((resolve) => {
    const options = { timeout: PROBE_TIMEOUT_MS, windowsHide: true, ...(signal && { signal }) };
    const child = execFile(path, ['--version'], options, (error, stdout) => {
      const version = VERSION_LINE.exec(stdout)?.[1];
      if (version !== undefined && !error) resolve({ version });
      else if (error) resolve({ problem: `it could not be run (${describe(error)})` });
      else resolve({ problem: `it is not a nats-server: --version printed ${quote(stdout)}` });
    });
    child.stdin?.end();
  });
}

/**
 * Orders two versions as semantic versioning does for releases; a pre-release comes before its release.
 * Negative when `a` is older than `b`, 0 when they rank the same.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  for (const index of [0, 1, 2]) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(right.preRelease) - Number(left.preRelease);
}

/** True when `version` is new enough to run a fabric. */
export function isSupported(version: string): boolean {
  return compareVersions(version, MINIMUM_VERSION) >= 0;
}

/** The half sentence that every refusal of an old server ends with. */
export const NEEDED = `${MINIMUM_VERSION} or newer is needed, best ${PINNED_VERSION}`;

function split(version: string): { numbers: number[]; preRelease: boolean } {
  const [release = '', ...rest] = version.split('-');
  return { numbers: release.split('.').map(Number), preRelease: rest.length > 0 };
}

function describe(error: Error & { code?: unknown; killed?: boolean }): string {
  if (error.killed) return `no answer to --version within ${PROBE_TIMEOUT_MS / 1000} s`;
  if (typeof error.code === 'number') return `--version ended with exit code ${error.code}`;
  return typeof error.code === 'string' ? error.code : error.message;
}

function quote(text: string): string {
  return JSON.stringify(text.trim().slice(0, 60));
}
