import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modules, root } from './paths.mjs';

const STAMP = join(modules, '.causeway-setup');
/** npm writes this one last, so it is there only after a whole installation. */
const NPMS_OWN_RECORD = join(modules, '.package-lock.json');
/** The fields of package.json that npm acts on; a changed script needs no new installation. */
const FIELDS = [
  'workspaces',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'overrides',
  'allowScripts',
];

/** A fingerprint of everything that decides what npm installs. */
export function wantedPackages() {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(JSON.stringify(FIELDS.map((field) => manifest[field] ?? null)))
    .digest('hex');
}

/** True when a finished installation of exactly these packages is there. */
export function isInstalled(wanted) {
  if (readOrNothing(STAMP) === wanted) return true;
  // People run npm themselves, and CI keeps node_modules: both are as good if every package is the locked one.
  if (differences()?.length !== 0) return false;
  markInstalled(wanted);
  return true;
}

/** To be called when an installation has finished. */
export function markInstalled(wanted) {
  writeFileSync(STAMP, wanted);
}

/**
 * To be called before an installation starts: one that is killed half-way must not look finished. What such a one left
 * behind is removed, because npm takes a half-unpacked package for a whole one.
 */
export function markUnfinished() {
  if (!existsSync(NPMS_OWN_RECORD)) rmSync(modules, { recursive: true, force: true, maxRetries: 3 });
  rmSync(STAMP, { force: true });
  rmSync(NPMS_OWN_RECORD, { force: true });
}

/**
 * The locked packages that are not installed as locked, by their path; those of other platforms do not count.
 * `undefined` when no installation has been finished.
 */
export function differences() {
  const recorded = readOrNothing(NPMS_OWN_RECORD);
  if (!recorded) return undefined;
  const here = JSON.parse(recorded).packages ?? {};
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages ?? {};
  return Object.keys(locked).filter(
    (path) => path.startsWith('node_modules/') && !isAsLocked(path, locked, here),
  );
}

function isAsLocked(path, locked, here) {
  const [wanted, found] = [locked[path], here[path]];
  if (!found) return wanted.optional === true;
  if (wanted.link) return found.link === true && existsSync(join(root, path));
  // A package of another platform is in npm's record, but not on the disk.
  return found.integrity === wanted.integrity && (wanted.optional === true || existsSync(join(root, path)));
}

function readOrNothing(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
