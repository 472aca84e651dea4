import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { decodeJwt, parseCreds } from '@causeway/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doorOf } from '../security/support/doors.ts';
import { knock, type Pass } from '../security/support/knock.ts';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const refused = 'Authorization Violation';

let fabric: TestFabric;
let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'] });
  folder = await openTemporaryFolder();
});
afterAll(async () => {
  await fabric?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const run = (...args: string[]) => causeway(['rotate', ...args, '--dir', fabric.dir]);

/** What a command printed as JSON, with its exit code. */
async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(...args, '-o', 'json');
  return { code, stderr, ...(JSON.parse(stdout) as object) };
}

async function passOf(file: string): Promise<Required<Pass>> {
  return parseCreds(await readFile(file, 'utf8'));
}

async function verdict(pass: Pass, kind: 'client' | 'leaf' = 'client'): Promise<string> {
  return knock(await doorOf(fabric, 'cloud', kind), pass);
}

/** A command that is refused, and what it says. */
async function failure(...args: string[]): Promise<[code: number | null, stderr: string]> {
  const { code, stdout, stderr } = await run(...args);
  expect(stdout).toBe('');
  return [code, stderr];
}

const ofSite = (file: string) => path.join(fabricLayout(fabric.dir).site('edge-a').creds, file);
const ofLink = (file: string) => path.join(fabricLayout(fabric.dir).site('edge-a').leafCreds, file);

describe('cli rotate', () => {
  it('cli rotate - a service: its file has a new key, and those before are void when the grace is over', async () => {
    const file = await fabric.identity('edge-a', 'desk');
    const before = await passOf(file);
    const done = await run('service', 'acme/edge-a/desk', '--out', file);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    const now = await passOf(file);
    const [said, left, ...more] = done.stdout.split('\n');
    expect(said).toBe(`acme/edge-a/desk is ${decodeJwt(now.jwt).subject} now; ${file} holds its credentials`);
    expect(left).toMatch(/^1 key of before void at \d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(more).toEqual(['']);
    expect(decodeJwt(now.jwt).subject).not.toBe(decodeJwt(before.jwt).subject);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    // An hour of grace, unless told.
    expect([await verdict(before), await verdict(now)]).toEqual(['in', 'in']);

    const again = await json('service', 'acme/edge-a/desk', '--out', file, '--grace', '1ms');
    const last = await passOf(file);
    expect(again).toEqual({
      ...{ code: 0, stderr: '', tenant: 'acme', site: 'edge-a', service: 'desk', out: file },
      key: decodeJwt(last.jwt).subject,
      retiring: {
        [decodeJwt(before.jwt).subject]: expect.any(Number),
        [decodeJwt(now.jwt).subject]: expect.any(Number),
      },
    });
    await until(
      'all keys before are void',
      async () => (await verdict(before)) === refused && (await verdict(now)) === refused,
    );
    expect(await verdict(last)).toBe('in');
  });

  it('cli rotate - a service that is not there, or a file that is another’s: told, and nothing is written', async () => {
    const out = path.join(folder.path, 'new.creds');
    const [unknown, why] = await failure('service', 'acme/edge-a/dask', '--out', out);
    expect([unknown, why]).toEqual([
      1,
      expect.stringContaining(
        'there is no identity acme/edge-a/dask; causeway service add makes credentials',
      ),
    ]);
    await expect(stat(out)).rejects.toMatchObject({ code: 'ENOENT' });

    const other = await fabric.identity('edge-a', 'tally');
    const text = await readFile(other, 'utf8');
    expect(await failure('service', 'acme/edge-a/desk', '--out', other)).toEqual([
      1,
      expect.stringContaining('has the credentials of tally of site edge-a, not of desk of edge-a'),
    ]);
    expect(await readFile(other, 'utf8')).toBe(text);
    const notes = path.join(folder.path, 'notes.txt');
    await writeFile(notes, 'mine');
    expect(await failure('service', 'acme/edge-a/desk', '--out', notes)).toEqual([
      1,
      expect.stringContaining('would be replaced, and is not to be'),
    ]);
    expect(await readFile(notes, 'utf8')).toBe('mine');

    await fabric.admin.revoke({ tenant: 'acme', site: 'edge-a', service: 'tally' });
    expect(await failure('service', 'acme/edge-a/tally', '--out', other)).toEqual([
      1,
      expect.stringContaining('acme/edge-a/tally was revoked; causeway service add makes credentials'),
    ]);
  });

  it('cli rotate - a gateway: it uses new keys when the command ends, and those before are void', async () => {
    const file = ofSite('gateway-acme.creds');
    const before = await passOf(file);
    expect(await run('gateway', 'edge-a')).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: 'site edge-a uses new keys (gateway); those before are void\n',
    });
    const now = await passOf(file);
    expect([await verdict(before), await verdict(now)]).toEqual([refused, 'in']);
    expect(await json('gateway', 'cloud')).toEqual({
      ...{ code: 0, stderr: '', site: 'cloud', role: 'gateway', done: true },
    });
  });

  it('cli rotate - links: a site’s own and its tenants’ use new keys when the command ends', async () => {
    const files = ['acme', 'control'].map((name) => ofLink(`${name}.leaf.creds`));
    const before = await Promise.all(files.map(passOf));
    expect(await json('leaf', 'edge-a')).toEqual({
      ...{ code: 0, stderr: '', site: 'edge-a', role: 'leaf', done: true },
    });
    for (const pass of before) expect(await verdict(pass, 'leaf')).toBe(refused);
    for (const pass of await Promise.all(files.map(passOf))) expect(await verdict(pass, 'leaf')).toBe('in');
    expect(await run('leaf', 'edge-a')).toMatchObject({
      code: 0,
      stdout: 'site edge-a uses new keys (leaf); those before are void\n',
    });
  });

  it('cli rotate - a site that is not there, and the hub, which has no links', async () => {
    for (const role of ['gateway', 'leaf']) {
      expect(await failure(role, 'edge-b')).toEqual([
        1,
        expect.stringContaining('there is no site edge-b; did you mean "edge-a"?'),
      ]);
    }
    expect(await failure('leaf', 'cloud')).toEqual([
      1,
      expect.stringContaining('site cloud is the hub: it has no links of its own'),
    ]);
  });

  it('cli rotate - signing keys: each step says what is left, and the last voids what was signed before', async () => {
    const file = await fabric.identity('edge-a', 'desk');
    const before = await passOf(file);
    const used = await until('the new keys are used', async () => {
      const step = await run('signing', 'acme', '--wait', '5s');
      expect(step).toMatchObject({ code: 0, stderr: '' });
      return step.stdout.includes('users are signed by new keys') && step.stdout;
    });
    expect(used).toContain(
      'services with credentials of before:\n  causeway rotate service acme/edge-a/desk --out FILE\n',
    );
    expect(used).toContain('then: causeway rotate signing acme --finish\n');
    expect(await failure('signing', 'acme', '--finish')).toEqual([
      1,
      expect.stringMatching(
        /keys of acme cannot be void yet: acme\/edge-a\/desk have credentials of before \(causeway rotate service\); or use --force/,
      ),
    ]);
    expect(await run('service', 'acme/edge-a/desk', '--out', file, '--grace', '1ms')).toMatchObject({
      code: 0,
    });
    const finished = await until('the keys before are gone', async () => {
      const step = await run('signing', 'acme', '--finish', '--wait', '5s', '-o', 'json');
      return step.code === 0 && (JSON.parse(step.stdout) as Record<string, unknown>);
    });
    expect(finished).toMatchObject({ account: 'acme', state: 'finished', services: [] });
    expect(new Set((finished.sites as { site: string }[]).map(({ site }) => site))).toEqual(
      new Set(['cloud', 'edge-a']),
    );
    expect([await verdict(before), await verdict(await passOf(file))]).toEqual([refused, 'in']);
  });

  it('cli rotate - an account that is not there is told, with the nearest that is', async () => {
    expect(await failure('signing', 'acne')).toEqual([
      1,
      expect.stringContaining('there is no account acne; did you mean "acme"?'),
    ]);
  });

  it('cli rotate - what is wrong usage is told as such', async () => {
    for (const args of [
      ['service', 'desk', '--out', 'x'],
      ['service', 'acme/edge-a/desk'],
      ['gateway', 'Edge_A'],
      ['signing', 'acme', '--force'],
      ['signing', 'acme', '--wait', '9s'],
    ]) {
      const [code, stderr] = await failure(...args);
      expect([args, code]).toEqual([args, 2]);
      expect(stderr).not.toBe('');
    }
  });
});
