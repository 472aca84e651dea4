#!/usr/bin/env node
// Starts the command line on a Node that runs it: this one, or the one from the npm package `node`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants, homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The first release line that runs TypeScript without a flag; the built JavaScript runs on any that Causeway supports. */
const NEEDED = 24;

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');
const built = join(folder, 'main.js');
const program = existsSync(built) ? built : join(folder, 'main.ts');

// Compiled code is kept, which more than halves the time of a short command; what this starts keeps its own there, too.
process.env.NODE_COMPILE_CACHE ||= join(cacheFolder(), 'causeway', 'compiled');

if (program === built || Number(process.versions.node.split('.')[0]) >= NEEDED) {
  // Not there before Node 22.
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
  await import(program === built ? '../src/main.js' : '../src/main.ts');
} else {
  runOn(bundledNode());
}

/** The user's folder for what can be made again, by the platform's convention. */
function cacheFolder() {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  if (xdg && isAbsolute(xdg)) return xdg;
  if (process.platform === 'win32') return local || join(homedir(), 'AppData', 'Local');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return join(homedir(), '.cache');
}

function bundledNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const path = join(dirname(manifest), 'bin', name);
    if (existsSync(path)) return path;
  } catch {
    // Not installed: said below.
  }
  process.stderr.write(
    `causeway: Node ${NEEDED} or newer is needed; this is ${process.versions.node}, and the npm package "node" that ` +
      `brings Node ${NEEDED} is not installed. Run npm install, or install Node ${NEEDED} yourself.\n`,
  );
  process.exit(1);
}

function runOn(node) {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the child by itself: passing it on would make it two.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.once('error', (error) => {
    process.stderr.write(`causeway: ${node} cannot be run: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once('close', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}
