import { readFileSync } from 'node:fs';
import path from 'node:path';
import { connectAdmin } from '@causeway/fabric';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Built, buildPackages } from '../support/built.ts';
import { runProgram } from '../support/run-program.ts';
import { silent } from '../support/silent-logger.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

interface Process {
  readonly pid: number;
  readonly memory: { readonly rss: number; readonly age: number } | null;
}

/** Bytes that each of our processes stays below; they take 80 to 105 MB (docs/benchmarks.md). */
const most = 120e6;

describe('memory', () => {
  let built: Built;
  let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;
  let dir: string;

  const run = (...args: string[]) => runProgram(process.execPath, [built.program, '--dir', dir, ...args]);
  /** What `status` says of each process, by a name for people. */
  async function processes(): Promise<Map<string, Process>> {
    const status = JSON.parse((await run('status', '-o', 'json')).stdout);
    return new Map<string, Process>([
      ['up', status],
      ['registry', status.registry],
      ...status.servers.map((each: { site: string }) => [`server ${each.site}`, each]),
      ...status.gateways.map((each: { site: string }) => [`gateway ${each.site}`, each]),
    ]);
  }

  beforeAll(async () => {
    folder = await openTemporaryFolder('causeway-memory-');
    dir = path.join(folder.path, 'fabric');
    built = await buildPackages();
    const { code, stderr } = await run('up', '--detach');
    if (code !== 0) throw new Error(stderr);
  }, 180_000);
  afterAll(async () => {
    if (built) await run('down');
    await built?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  it('memory - as built JavaScript, each process at rest is below 120 MB, by what status says', async () => {
    let last = new Map<string, Process>();
    const rest = await until(
      'the memory of all processes is told and stays as it is',
      async () => {
        const before = last;
        last = await processes();
        const steady = [...last].every(([name, { memory }]) => {
          const was = before.get(name)?.memory;
          return memory && was && Math.abs(memory.rss - was.rss) < 1e6;
        });
        return steady && last;
      },
      // Longer than the time between two renewals, so that no figure is compared with itself.
      { timeout: 50_000, every: 2_500 },
    );
    expect([...rest.keys()].sort()).toEqual([
      'gateway cloud',
      'gateway edge-a',
      'gateway edge-b',
      'registry',
      'server cloud',
      'server edge-a',
      'server edge-b',
      'up',
    ]);
    const tooLarge = [...rest].filter(([, { memory }]) => (memory?.rss ?? Infinity) >= most);
    expect(tooLarge.map(([name, { memory }]) => `${name} has ${memory?.rss} bytes`)).toEqual([]);
    if (process.platform !== 'linux') return;
    for (const [name, { pid, memory }] of rest) {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      // Else it would be the source that was measured.
      if (!name.startsWith('server'))
        expect(command.find((part) => /main\.[jt]s$/.test(part))).toMatch(/\.js$/);
      const kilobytes = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      expect(Math.abs(Number(kilobytes) * 1024 - (memory?.rss ?? 0)), name).toBeLessThan(10e6);
    }
  });

  it('memory - that of every site’s server is told by its gateway, for whoever cannot see its monitor page', async () => {
    const admin = await connectAdmin(dir, { clock: systemClock, random: systemRandom, logger: silent });
    try {
      const { sites } = await until('every server’s memory is told', async () => {
        const status = await admin.status();
        return status.sites.every(({ serverMemory }) => serverMemory) && status;
      });
      for (const { name, serverMemory } of sites) {
        expect(serverMemory?.rss, name).toBeGreaterThan(5e6);
        expect(serverMemory?.rss, name).toBeLessThan(most);
        expect(serverMemory?.age, name).toBeLessThan(30_000);
      }
    } finally {
      await admin.close();
    }
  });
});
