import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSecret, writeJwt, writeSecret } from './files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test('files - a secret is 0600, its new folders 0700, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    await writeSecret(join(folder, 'a/b/seed.nk'), 'first');
  } finally {
    process.umask(before);
  }
  expect(await modeOf(join(folder, 'a/b/seed.nk'))).toBe(0o600);
  expect(await modeOf(join(folder, 'a'))).toBe(0o700);
  expect(await modeOf(join(folder, 'a/b'))).toBe(0o700);
  expect(await readSecret(join(folder, 'a/b/seed.nk'))).toBe('first');
});

test('files - a folder that was there keeps its mode', async () => {
  await chmod(folder, 0o755);
  await writeSecret(join(folder, 'seed.nk'), 'text');
  expect(await modeOf(folder)).toBe(0o755);
});

test('files - a second write replaces the first, also one with a wider mode, and leaves nothing else', async () => {
  const path = join(folder, 'seed.nk');
  await writeFile(path, 'old', { mode: 0o644 });
  await Promise.all(['x', 'y', 'z'].map((text) => writeSecret(path, text.repeat(10_000))));
  expect(await modeOf(path)).toBe(0o600);
  expect(await readSecret(path)).toMatch(/^(x{10000}|y{10000}|z{10000})$/);
  expect(await readdir(folder)).toEqual(['seed.nk']);
});

test('files - where writing fails, what was there stays, and nothing else is left', async () => {
  const path = join(folder, 'taken');
  await writeSecret(join(path, 'inside'), 'text');
  await expect(writeSecret(path, 'new')).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['taken']);
});

test.each([0o640, 0o604, 0o660, 0o601])(
  'files - a secret of mode %o is refused, with what to do',
  async (mode) => {
    const path = join(folder, 'seed.nk');
    await writeSecret(path, 'text');
    await chmod(path, mode);
    await expect(readSecret(path)).rejects.toThrow(`run: chmod 600 ${path}`);
  },
);

test('files - a secret that is missing is named', async () => {
  const path = join(folder, 'nothing.nk');
  await expect(readSecret(path)).rejects.toThrow(`the secret file ${path} is not there`);
});

test('files - a JWT can be read by others', async () => {
  await writeJwt(join(folder, 'operator.jwt'), 'eyJ');
  expect(await modeOf(join(folder, 'operator.jwt'))).toBe(0o644);
  expect(await readFile(join(folder, 'operator.jwt'), 'utf8')).toBe('eyJ');
});
