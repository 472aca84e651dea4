import { type ChildProcess, spawn } from 'node:child_process';

const children = new Set<ChildProcess>();
let watching = false;

/**
 * Sees to it that a server does not outlive this process: it would hold the ports and the store of the next
 * one. An ordinary exit ends it here. For the case that this process is killed outright, a shell waits for the
 * end of a pipe that only this process holds, and ends the server then; Windows has no such guard.
 *
 * An exit by SIGINT or SIGTERM without a handler counts as killed outright. The returned function lets go.
 */
export function endWithUs(child: ChildProcess): () => void {
  children.add(child);
  if (!watching) {
    watching = true;
    process.once('exit', () => {
      for (const each of children) each.kill('SIGTERM');
    });
  }
  const guard = process.platform === 'win32' || child.pid === undefined ? undefined : shellGuard(child.pid);
  return () => {
    children.delete(child);
    guard?.kill('SIGKILL');
  };
}

function shellGuard(pid: number): ChildProcess {
  // In a group of its own: the Ctrl-C that ends us must not end the guard first.
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -TERM "$0" 2>/dev/null', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
  });
  // Without a shell there is no guard, and the server runs all the same.
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  guard.unref();
  (guard.stdin as { unref?: () => void } | null)?.unref?.();
  return guard;
}
