import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program in place of this one: same standard streams, signals passed on, and its exit code as the result
 * (128 + number when a signal ended it, as shells do).
 */
export function run(command, args, { env = process.env, cwd = process.cwd() } = {}) {
  const child = spawn(command, args, { stdio: 'inherit', env, cwd });
  const handlers = PASSED_ON.map((signal) => [signal, () => passOn(child, signal)]);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** Ctrl-C in a terminal reaches the whole foreground group, the child included: passing it on would make it two. */
function passOn(child, signal) {
  if (signal === 'SIGINT' && process.stdin.isTTY) return;
  child.kill(signal);
}
