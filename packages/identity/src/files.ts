import { chmod, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a secret, readable for its owner alone (0600). The file is there whole or not at all, also after a
 * power cut. Folders on the way that do not exist yet are made with mode 0700; others are left as they are.
 */
export async function writeSecret(path: string, text: string | Uint8Array): Promise<void> {
  await writeWhole(path, text, 0o600, 0o700);
}

/** Writes a JWT or certificate, which are no secrets, in the same way (0644; new folders 0755). */
export async function writeJwt(path: string, text: string): Promise<void> {
  await writeWhole(path, text, 0o644, 0o755);
}

/**
 * Reads a secret. Throws an Error that names the path and what to do where the file is missing, cannot be
 * read, or can be read by others (not checked on Windows, which has no such modes).
 */
export async function readSecret(path: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? 'is not there' : `cannot be read (${cause.code})`;
    throw new Error(`the secret file ${path} ${problem}; check the path, and who owns it`, { cause });
  });
  try {
    // Asked of the open file, not of the path: what is read is what was checked.
    const found = await file.stat();
    if (found.isDirectory()) throw new Error(`the secret file ${path} is a folder; name a file`);
    const { mode } = found;
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      throw new Error(
        `the secret file ${path} can be read by others (mode ${octal}, expected 0600); run: chmod 600 ${path}`,
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function writeWhole(
  path: string,
  text: string | Uint8Array,
  mode: number,
  folderMode: number,
): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: folderMode });
  // A folder of its own beside the target: a name nobody else has, on the same file system.
  const scratch = await mkdtemp(join(folder, `.${basename(path)}.`));
  try {
    const temporary = join(scratch, 'new');
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    // Whatever the umask took away or left.
    await chmod(temporary, mode);
    await rename(temporary, path);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  await syncFolder(folder);
}

/** Has a folder's names written to the disk: what was renamed there is safe only then. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
