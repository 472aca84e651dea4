// Builds every package into dist/node_modules/@causeway, where `node dist/node_modules/@causeway/cli/src/main.js` runs
// on any Node from 20: siblings are found beside it, third-party packages in the node_modules of the clone.
// An argument names another folder than dist.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const dist = resolve(root, process.argv[2] ?? 'dist');
const out = join(dist, 'node_modules', '@causeway');

rmSync(dist, { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', out], {
  cwd: root,
  stdio: 'inherit',
});

if (status === 0) {
  const names = readdirSync(join(root, 'packages')).filter((name) => existsSync(join(out, name)));
  for (const name of names) {
    writeManifest(name);
    const programs = join(root, 'packages', name, 'bin');
    if (existsSync(programs)) cpSync(programs, join(out, name, 'bin'), { recursive: true });
  }
  // The server configurations are read at run time, found by walking up from the module that needs them.
  const configurations = join(root, 'nats-config');
  if (existsSync(configurations)) cpSync(configurations, join(dist, 'nats-config'), { recursive: true });
  process.stderr.write(`built ${names.length} packages into ${out}\n`);
}
process.exitCode = status ?? 1;

function writeManifest(name: string): void {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
  manifest.exports = { types: './src/index.d.ts', default: './src/index.js' };
  writeFileSync(join(out, name, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
