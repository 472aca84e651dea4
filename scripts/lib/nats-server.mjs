import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { node24 } from './node24.mjs';
import { root } from './paths.mjs';

/**
 * Path of a nats-server, found or installed by packages/nats-server under Node 24; its progress goes to standard error.
 * `undefined` when there is none: the reasons and the ways out have been printed then.
 */
export async function ensureNatsServer() {
  const args = ['--no-warnings', join(root, 'scripts', 'ensure-nats-server.ts')];
  // Node takes the proxy from the environment, as npm and Go do, only when told to.
  const env = { NODE_USE_ENV_PROXY: '1', ...process.env };
  const child = spawn(node24(), args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const stop = (signal) => child.kill(signal);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk;
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('close', resolve)));
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return code === 0 ? output.trim() : undefined;
}
