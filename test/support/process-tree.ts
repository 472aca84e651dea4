import { readdir, readFile, readlink } from 'node:fs/promises';

/** A process as /proc shows it. Linux only, as the tests that use it say. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly cwd: string;
}

/** All processes but those that have ended and wait to be reaped. */
async function processes(): Promise<SeenProcess[]> {
  const seen: SeenProcess[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat === '' || state === 'Z') continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    seen.push({
      ...{ pid, parent: Number(parent), command },
      cwd: await readlink(`/proc/${pid}/cwd`).catch(() => ''),
    });
  }
  return seen;
}

/** A process and all that it started, and those did, and so on. */
export async function treeOf(root: number): Promise<number[]> {
  const all = await processes();
  const tree = [root];
  for (const pid of tree) for (const each of all) if (each.parent === pid) tree.push(each.pid);
  return tree;
}

/** The processes that work in a folder, or name it in their command line. */
export async function processesOf(folder: string): Promise<SeenProcess[]> {
  const all = await processes();
  return all.filter(({ cwd, command }) => `${cwd}/`.startsWith(`${folder}/`) || command.includes(folder));
}
