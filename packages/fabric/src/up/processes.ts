import { readFile, rename, rm, writeFile } from 'node:fs/promises';

/** The processes of a fabric that is up, by name (`server edge-a`, `gateway cloud`, `registry`). */
export type Processes = Readonly<Record<string, number>>;

/** Keeps `processes.json` up to date, for status and for whoever finds things left behind. */
export interface ProcessTable {
  set(name: string, pid: number | undefined): void;
  readonly current: Processes;
  /** Resolves when the file says what the table says. */
  saved(): Promise<void>;
  /** Removes the file; nothing runs any more. */
  remove(): Promise<void>;
}

/** Creates the table, empty. */
export function createProcessTable(file: string): ProcessTable {
  const processes = new Map<string, number>();
  let queue: Promise<void> = Promise.resolve();
  const save = () => {
    queue = queue.then(async () => {
      const scratch = `${file}.new`;
      await writeFile(scratch, `${JSON.stringify(Object.fromEntries(processes), null, 2)}\n`, {
        mode: 0o600,
      });
      await rename(scratch, file);
    });
    // A table that cannot be written (a full disk) must not end what runs.
    queue = queue.catch(() => {});
  };
  return {
    set(name, pid) {
      if (pid === undefined) processes.delete(name);
      else processes.set(name, pid);
      save();
    },
    get current() {
      return Object.fromEntries(processes);
    },
    saved: () => queue,
    async remove() {
      await queue;
      await rm(file, { force: true });
    },
  };
}

/** Reads the table of a fabric; empty where there is none. */
export async function readProcesses(file: string): Promise<Processes> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Processes;
  } catch {
    return {};
  }
}
