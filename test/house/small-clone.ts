import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningProgram, startProgram } from '../support/run-program.ts';
import { root } from '../support/source-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The set-up scripts in a repository so small that npm installs it without a network. */
export interface SmallClone {
  readonly folder: string;
  /** Runs one of scripts/, with the small clone's own home and caches. */
  run(script: string, args?: string[], env?: NodeJS.ProcessEnv): RunningProgram;
  /** Writes a file below the clone. */
  write(path: string, text: string): Promise<void>;
}

/** The stand-in for the command line: says what it was given, and can be told to wait for a signal. */
const MAIN = `
const args = process.argv.slice(2);
process.stdout.write(JSON.stringify({ args, server: process.env['CAUSEWAY_NATS_SERVER'], node: process.versions.node }) + '\\n');
if (args.includes('--wait')) {
  const timer = setInterval(() => {}, 1000);
  process.once('SIGTERM', () => { clearInterval(timer); process.exitCode = 43; });
} else process.exitCode = args.includes('--fail') ? 42 : 0;
`;

/** A fresh small clone with nothing installed; removed when the running test ends. */
export async function smallClone(): Promise<SmallClone> {
  const folder = await temporaryFolder('causeway clone ');
  const home = await temporaryFolder();
  const write = async (path: string, text: string) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const find = 'packages/nats-server/src/find';
  for (const path of ['scripts', find]) await cp(join(root, path), join(folder, path), { recursive: true });
  const leaf = { name: '@small/cli', version: '1.0.0', type: 'module' };
  const manifest = { name: 'small', private: true, type: 'module', workspaces: ['packages/cli'] };
  await write('package.json', JSON.stringify(manifest));
  await write('packages/cli/package.json', JSON.stringify(leaf));
  await write('packages/cli/src/main.ts', MAIN);
  const { name, version } = leaf;
  const link = { resolved: 'packages/cli', link: true };
  const packages = { '': manifest, 'packages/cli': { name, version }, 'node_modules/@small/cli': link };
  await write(
    'package-lock.json',
    JSON.stringify({ name: 'small', lockfileVersion: 3, requires: true, packages }),
  );
  return {
    folder,
    write,
    run: (script, args = [], env = {}) =>
      startProgram(process.execPath, [join(folder, 'scripts', script), ...args], {
        env: { PATH: process.env.PATH, HOME: home, npm_config_offline: 'true', ...env },
      }),
  };
}

/** Leaves node_modules as an installation leaves it that was killed half-way. */
export async function interruptInstallation(clone: SmallClone): Promise<void> {
  const modules = join(clone.folder, 'node_modules');
  for (const name of await readdir(modules)) await rm(join(modules, name), { recursive: true });
  await clone.write('node_modules/half/package.json', '{}');
}
