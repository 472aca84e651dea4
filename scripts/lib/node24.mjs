import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './messages.mjs';
import { modules } from './paths.mjs';

/** The first release line that runs TypeScript without a flag and a warning. */
const NEEDED = 24;
/** The first release line that these scripts themselves run on. */
const OLDEST = 20;

const BUNDLED = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

export function checkOwnNode() {
  if (major(process.versions.node) < OLDEST) {
    throw new SetupError(
      `Node ${OLDEST} or newer is needed; this is ${process.versions.node} (${process.execPath}).`,
    );
  }
}

/** True when nothing more than the packages is needed to run TypeScript. */
export function hasNode24() {
  return major(process.versions.node) >= NEEDED || existsSync(BUNDLED);
}

/** Path of a Node that runs the TypeScript of this repository: this one, or the one from the npm package `node`. */
export function node24() {
  return major(process.versions.node) >= NEEDED ? process.execPath : BUNDLED;
}

/** After an installation: the npm package fetches its program by an install script, which may have been kept from running. */
export function checkNode24() {
  if (major(process.versions.node) >= NEEDED) return;
  const { version } = JSON.parse(readFileSync(join(modules, 'node', 'package.json'), 'utf8'));
  const tried = spawnSync(BUNDLED, ['--version'], { encoding: 'utf8' });
  if (tried.status === 0) return;
  const why = existsSync(BUNDLED)
    ? `does not run on this machine (${tried.error?.message ?? tried.stderr.trim().split('\n')[0]})`
    : 'is not there: npm was kept from running install scripts (check `npm config get ignore-scripts`)';
  throw new SetupError(
    `Node ${NEEDED} is needed; this is ${process.versions.node}, and Node ${version} from the npm package "node" ${why}.\n` +
      `Install Node ${NEEDED} or newer yourself, then run the same command again.`,
  );
}

function major(version) {
  return Number(version.split('.')[0]);
}
