import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, delimiter, dirname, join, sep } from 'node:path';
import { SetupError, say } from './messages.mjs';
import { modules, root } from './paths.mjs';

const REMINDER_MS = 10_000;
const PATIENCE_MS = 3_000;

/**
 * Installs what package-lock.json names; npm's output and a sign of life every 10 s go to standard error.
 *
 * Not `npm ci`: it refuses a lock file that lacks a package of another platform, and a lock file written where the
 * registry has the packages of this platform only lacks the others. `npm install` takes every locked version as it is;
 * the caller compares afterwards.
 */
export async function npmInstall() {
  say('installing packages with npm (once, until package-lock.json changes)');
  const started = Date.now();
  const reminder = setInterval(() => say(`still installing, ${seconds(started)} s`), REMINDER_MS);
  try {
    // Development packages bring Node and vitest: they are needed even where NODE_ENV is production.
    await npm(['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  } finally {
    clearInterval(reminder);
  }
  say(`packages are installed, ${seconds(started)} s`);
}

async function npm(args) {
  const [command, ...before] = findNpm();
  const shell = process.platform === 'win32' && command === 'npm';
  const child = spawn(command, [...before, ...args], { cwd: root, stdio: ['ignore', 2, 2], shell });
  let stoppedBy;
  let lastResort;
  const stop = (signal) => {
    stoppedBy = signal;
    child.kill(signal);
    // npm may finish what it has begun; a half-finished installation is made good by the next run.
    lastResort ??= setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(
        new SetupError(
          `npm could not be started (${error.message}).\nInstall Node with npm, then try again.`,
        ),
      ),
    );
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(lastResort);
  process.off('SIGINT', stop).off('SIGTERM', stop);
  const by = stoppedBy ?? signal;
  if (by) throw new SetupError(`npm ${args[0]} was ended by ${by}. The next run starts it again.`);
  if (code !== 0) {
    throw new SetupError(
      `npm ${args[0]} failed with exit code ${code}; its own message is above.\n` +
        `It needs a network, or a filled npm cache. Behind a proxy or with a registry of your own, configure npm\n` +
        `(npm config set proxy / registry), check with \`npm ping\`, and run the same command again.`,
    );
  }
}

/**
 * The npm that started this script; without one (`node scripts/start.mjs`) the npm that came with Node, else the
 * one on PATH. The Node inside node_modules is left out: it may be about to be replaced.
 */
function findNpm(env = process.env) {
  const node = nodeOutside(env);
  const given = env.npm_execpath;
  if (given && /^npm(-cli)?\.c?js$/.test(basename(given)) && existsSync(given)) return [node, given];
  const home = dirname(node);
  const beside = [
    join(home, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(home, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ].find((path) => existsSync(path));
  return beside ? [node, beside] : ['npm'];
}

function nodeOutside(env) {
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  const onPath = (env.PATH ?? env.Path ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((dir) => join(dir, program));
  const candidates = [process.execPath, env.npm_node_execpath, ...onPath];
  return (
    candidates.find((path) => path && !path.startsWith(modules + sep) && existsSync(path)) ?? process.execPath
  );
}

function seconds(since) {
  return Math.round((Date.now() - since) / 1000);
}
