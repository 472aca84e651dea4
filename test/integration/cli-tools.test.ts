import { chmod } from 'node:fs/promises';
import { fabricLayout } from '@causeway/fabric';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway, startCauseway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';

let fabric: TestFabric;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'] });
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

const run = (...args: string[]) => causeway(['--dir', fabric.dir, ...args]);

/** All that a bench makes for itself. */
async function left(): Promise<unknown[]> {
  const kinds = ['services', 'apis', 'policies'] as const;
  return (await Promise.all(kinds.map((kind) => fabric.admin.get(kind)))).flatMap(({ items }) => items);
}

describe('cli bench', () => {
  it('cli bench - measures calls through the fabric, and takes away what it made', async () => {
    const done = await run('bench', '--seconds', '1', '--in-flight', '8', '-o', 'json');
    expect(done.stderr).not.toContain('calls failed');
    expect(done).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('calling 8 at once, 1 s each way\n'),
    });
    const report = JSON.parse(done.stdout);
    expect(report).toMatchObject({ tenant: 'acme', from: 'cloud', to: 'edge-a', seconds: 1 });
    for (const [index, inFlight] of [1, 8].entries()) {
      const { plain, ratio, ...guarded } = report.results[index];
      for (const { calls, p50, p99, longest, ...rest } of [guarded, plain]) {
        expect(rest).toMatchObject({ inFlight, failures: {} });
        expect(calls).toBeGreaterThan(10);
        expect([p50, p99, longest]).toEqual([p50, p99, longest].toSorted((a, b) => a - b));
      }
      expect(ratio).toBeCloseTo(guarded.perSecond / plain.perSecond, 2);
    }
    expect(await left()).toEqual([]);
  });

  it('cli bench - one that is told to stop, or was killed, leaves nothing for long', async () => {
    const bench = () => startCauseway(['--dir', fabric.dir, 'bench', '--seconds', '600']);
    const killed = bench();
    await until('it measures', () => killed.stderr().includes('one after the other'), { timeout: 30_000 });
    killed.kill('SIGKILL');
    await killed.ended;
    expect(await left()).not.toEqual([]);
    const stopped = bench();
    await until('it measures again', () => stopped.stderr().includes('one after the other'), {
      timeout: 30_000,
    });
    stopped.kill('SIGTERM');
    expect(await stopped.ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('interrupted'),
    });
    expect(await left()).toEqual([]);
  });

  it('cli bench - a site or tenant that is not there is named', async () => {
    expect(await run('bench', '--to', 'edge-b')).toMatchObject({
      code: 1,
      stderr: 'causeway: there is no site edge-b; there is cloud, edge-a\n',
    });
    expect(await run('bench', '--tenant', 'nobody')).toMatchObject({ code: 1, stdout: '' });
    expect(await run('bench', '--seconds', '0')).toMatchObject({ code: 2 });
  });
});

describe('cli doctor', () => {
  it('cli doctor - a fabric that runs is well', async () => {
    const { code, stdout, stderr } = await run('doctor', '-o', 'json');
    const { ok, findings } = JSON.parse(stdout) as {
      ok: boolean;
      findings: { check: string; state: string }[];
    };
    expect({ code, stderr, ok }).toEqual({ code: 0, stderr: '', ok: true });
    const checks = [...new Set(findings.map(({ check }) => check))];
    expect(checks).toEqual([
      ...['node', 'nats-server', 'docker', 'state', 'permissions', 'certificate', 'disk'],
      ...['ports', 'clock', 'fabric'],
    ]);
    expect(findings.filter(({ state }) => state === 'fail')).toEqual([]);
  });

  it('cli doctor - what fails has an advice, and is the exit code', async () => {
    const { admin } = fabricLayout(fabric.dir);
    await chmod(admin, 0o644);
    const found = await run('doctor');
    await chmod(admin, 0o600);
    expect(found).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^causeway: 2 checks failed\n$/),
    });
    expect(found.stdout).toMatch(
      /^fail permissions others can read admin\/root\.creds in .*\n {17}run: chmod 600 /m,
    );
    expect(found.stdout).toMatch(/^ok {3}node {8}version /m);
  });
});
