import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { root } from './source-files.ts';

/**
 * Makes a clone of this repository in a folder that is not there yet: every file that git knows of or would take, as it
 * stands, and the packages as npm installed them here, by links; so nothing is fetched. Throws where they were not installed by
 * this repository's own set-up: then the clone's would begin with an installation.
 */
export async function freshClone(folder: string): Promise<void> {
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const files = execFileSync('git', listed, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(root, file), join(folder, file));
  }
  const [from, to] = [join(root, 'node_modules'), join(folder, 'node_modules')];
  await mkdir(to);
  const own = ['.bin', '.causeway-setup', '.package-lock.json', '@causeway'];
  for (const name of await readdir(from)) {
    // What leads back into the repository is made anew, so that it leads into the clone.
    if (own.includes(name))
      await cp(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
    else await symlink(join(from, name), join(to, name));
  }
  await readFile(join(to, '.package-lock.json')).catch((cause: unknown) => {
    throw new Error(`${from} was not installed as a whole; run npm install`, { cause });
  });
}
