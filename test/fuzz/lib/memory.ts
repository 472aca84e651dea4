import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TestFabric } from '../../support/fabric.ts';
import { runProgram } from '../../support/run-program.ts';
import { until } from '../../support/until.ts';

/** Memory of a process, in MiB: what it occupies, and of our own what is in use after a collection. */
export interface ProcessMemory {
  readonly resident: number;
  /** JavaScript's objects and what they hold outside of its heap; undefined for a nats-server. */
  readonly inUse?: number;
}

/** Looks at the memory of a fabric's processes. */
export interface MemoryProbe {
  look(fabric: TestFabric): Promise<Map<string, ProcessMemory>>;
  close(): Promise<void>;
}

const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);

/** Has every Node process that is started until it is closed tell of its memory (heap-probe.ts). */
export async function createMemoryProbe(): Promise<MemoryProbe> {
  const folder = await mkdtemp(path.join(tmpdir(), 'causeway-fuzz-'));
  const { NODE_OPTIONS: before, CAUSEWAY_FUZZ_HEAP: heapBefore } = process.env;
  const probe = pathToFileURL(path.join(import.meta.dirname, 'heap-probe.ts')).href;
  process.env.NODE_OPTIONS = [before, '--expose-gc', `--import=${probe}`].filter(Boolean).join(' ');
  process.env.CAUSEWAY_FUZZ_HEAP = folder;

  async function ofNode(pid: number): Promise<ProcessMemory> {
    const file = path.join(folder, `${pid}.json`);
    await rm(file, { force: true });
    process.kill(pid, 'SIGUSR2');
    const said = await until(`process ${pid} tells of its memory`, () =>
      readFile(file, 'utf8').catch(() => undefined),
    );
    const { inUse, resident } = JSON.parse(said) as { inUse: number; resident: number };
    return { inUse: mebibytes(inUse), resident: mebibytes(resident) };
  }

  async function ofServer(pid: number): Promise<ProcessMemory> {
    const { stdout } = await runProgram('ps', ['-o', 'rss=', '-p', String(pid)]);
    return { resident: Math.round(Number(stdout.trim()) / 1024) };
  }

  return {
    async look(fabric) {
      const found = Object.entries(fabric.fabric.processes).map(
        async ([name, pid]) =>
          [name, await (name.startsWith('server ') ? ofServer(pid) : ofNode(pid))] as const,
      );
      return new Map(await Promise.all(found));
    },
    async close() {
      restore('NODE_OPTIONS', before);
      restore('CAUSEWAY_FUZZ_HEAP', heapBefore);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function restore(name: string, before: string | undefined): void {
  if (before === undefined) delete process.env[name];
  else process.env[name] = before;
}

/** Most that a process may grow by between the first look and the last, in MiB. */
export interface Growth {
  readonly resident: number;
  readonly inUse: number;
}

/** Its owner stores in its streams what he likes, up to their limits, and the server keeps an index of it. */
const filledByItsOwner = 'server edge-b';

/** The sizes of each process, look by look; what grew beyond what is allowed is a finding. */
export function compareMemory(
  looks: readonly ReadonlyMap<string, ProcessMemory>[],
  allowed: Growth,
  findings: string[],
): Record<string, ProcessMemory[]> {
  const memory: Record<string, ProcessMemory[]> = {};
  for (const [name, last] of looks.at(-1) ?? []) {
    const first = looks[0]?.get(name) ?? last;
    memory[name] = looks.map((look) => look.get(name) ?? last);
    if (name === filledByItsOwner) continue;
    for (const kind of ['resident', 'inUse'] as const) {
      const [from, to] = [first[kind] ?? 0, last[kind] ?? 0];
      if (to - from <= allowed[kind]) continue;
      const what = kind === 'inUse' ? 'in use' : 'resident';
      findings.push(`${name} grew from ${from} to ${to} MiB ${what}; ${allowed[kind]} are allowed`);
    }
  }
  return memory;
}
