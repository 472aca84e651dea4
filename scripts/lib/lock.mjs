import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
const DEAD_AFTER_MS = 30_000;
const POLL_MS = 250;

/**
 * Runs `work` while holding the lock file `path`, so that of several set-ups in one clone only one installs.
 *
 * A lock whose holder is gone is taken over: at once when its process no longer exists on this host, else when it has
 * not been touched for 30 s (another host or container, or a process id that was given away again).
 */
export async function withLock(path, { onWait, ...timing }, work) {
  const { heartbeatMs = HEARTBEAT_MS, deadAfterMs = DEAD_AFTER_MS, pollMs = POLL_MS } = timing;
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname() });
  let told = false;
  while (!take(path, mine)) {
    const holder = read(path);
    if (holder && isGone(holder, deadAfterMs)) {
      removeIfUnchanged(path, holder);
      continue;
    }
    if (holder && !told) {
      told = true;
      onWait(holder.pid);
    }
    await delay(pollMs);
  }
  const heartbeat = setInterval(() => touch(path), heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (read(path)?.text === mine) rmSync(path, { force: true });
  }
}

function take(path, text) {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(path) {
  try {
    const text = readFileSync(path, 'utf8');
    const { mtimeMs } = statSync(path);
    return { text, mtimeMs, ...parse(text) };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A file caught between creation and its first byte, or cut short by a full disk, has no holder yet: only age tells. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function isGone({ pid, host, mtimeMs }, deadAfterMs) {
  if (Date.now() - mtimeMs > deadAfterMs) return true;
  return host === hostname() && !isAlive(pid);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Two may find the same dead lock: the second one must not remove what the first has put in its place. */
function removeIfUnchanged(path, seen) {
  const now = read(path);
  if (now?.text === seen.text && now.mtimeMs === seen.mtimeMs) rmSync(path, { force: true });
}

function touch(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Somebody removed the lock by hand: the work goes on, and ends without it.
  }
}
