import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder that is removed when the running test ends. Its path is free of symbolic links. */
export async function temporaryFolder(prefix?: string): Promise<string> {
  const folder = await openTemporaryFolder(prefix);
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return folder.path;
}

/** The same for hooks, where no test is running: `await using` removes it. */
export async function openTemporaryFolder(prefix = 'causeway-test-') {
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
