// Lays out what the container image holds, for the Dockerfile to copy: `node scripts/stage-containers.ts [FOLDER]`.
//
//   bin/   node and nats-server                     lib/   the shared libraries that node needs, and their loader
//   dist/  the built packages, nats-config,         node_modules/   third-party packages, without those for tests
//          and found-containers.ts
//
// All of it comes from this machine, so the build needs no network and no base image; it must be a Linux machine with
// glibc and the processor that the image is for.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findNatsServer } from '../packages/nats-server/src/find/index.ts';

const root = resolve(import.meta.dirname, '..');
const stage = resolve(root, process.argv[2] ?? join('dist', 'containers'));
/** Data of the demonstration, which no container runs. */
const leftOut = ['vega-datasets'];

if (process.platform !== 'linux') {
  process.stderr.write(
    'the programs of a Linux image can only be taken from Linux; run this in a container\n',
  );
  process.exit(1);
}
rmSync(stage, { recursive: true, force: true });
for (const folder of ['bin', 'lib']) mkdirSync(join(stage, folder), { recursive: true });

execFileSync(process.execPath, [join(root, 'scripts', 'build.ts'), join(stage, 'dist')], {
  stdio: 'inherit',
});
copyFileSync(join(root, 'scripts', 'found-containers.ts'), join(stage, 'dist', 'found-containers.ts'));
copyThirdParty();
copyFileSync(process.execPath, join(stage, 'bin', 'node'));
copyLibraries(process.execPath);
copyFileSync(await staticServer(), join(stage, 'bin', 'nats-server'));
chmodSync(join(stage, 'bin', 'nats-server'), 0o755);
process.stderr.write(`laid out ${stage}\n`);

/** Everything that the lock file says is needed to run. */
function copyThirdParty(): void {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; link?: boolean }>;
  };
  for (const [path, { dev, devOptional, link }] of Object.entries(lock.packages)) {
    if (!path.startsWith('node_modules/') || dev || devOptional || link) continue;
    if (leftOut.includes(path.slice('node_modules/'.length)) || !existsSync(join(root, path))) continue;
    cpSync(join(root, path), join(stage, path), { recursive: true });
  }
}

/** The shared libraries of a program, and as `ld.so` the loader that the program itself names. */
function copyLibraries(program: string): void {
  // What ldd does: the loader lists what it would load, and the program does not run.
  const env = { LD_TRACE_LOADED_OBJECTS: '1' };
  const listed = execFileSync(program, { env, encoding: 'utf8' });
  for (const line of listed.split('\n')) {
    const library = /=> (\/\S+)/.exec(line)?.[1];
    if (library) copyFileSync(library, join(stage, 'lib', library.slice(dirname(library).length + 1)));
    const loader = /^\s*(\/\S*ld-linux\S*)/.exec(line)?.[1];
    if (loader) copyFileSync(loader, join(stage, 'lib', 'ld.so'));
  }
  if (!existsSync(join(stage, 'lib', 'ld.so'))) {
    throw new Error(`${program} has no loader of glibc, which this needs; it lists: ${listed}`);
  }
}

/** A nats-server that needs no shared libraries; Causeway's own, where the one on PATH does. */
async function staticServer(): Promise<string> {
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const found = await findNatsServer({ onProgress });
  if (isStatic(found.path)) return found.path;
  // A PATH with Go alone: the server that was found there is passed over, and Causeway's own is got.
  onProgress(`passing over ${found.path}: it needs shared libraries`);
  const { CAUSEWAY_NATS_SERVER: _, ...env } = process.env;
  const { path } = await findNatsServer({ onProgress, env: { ...env, PATH: withoutServers(env.PATH) } });
  if (!isStatic(path)) throw new Error(`${path} needs shared libraries; remove it, and another is got`);
  return path;
}

function withoutServers(path = ''): string {
  return path
    .split(':')
    .filter((folder) => !existsSync(join(folder, 'nats-server')))
    .join(':');
}

/** True where an ELF program (64 bit, little-endian) names no loader: there is no program header PT_INTERP. */
function isStatic(program: string): boolean {
  const elf = readFileSync(program);
  const [start, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  const interpreter = 3;
  return !Array.from({ length: count }, (_, i) => elf.readUInt32LE(start + i * size)).includes(interpreter);
}
