import { chmod, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { createKeys, formatCreds, issueUser, writeSecret } from '@causeway/identity';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountAt } from '../security/support/witness.ts';
import { causeway, type Invocation } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { programOf } from '../support/program.ts';

const policy =
  'kind: policy\ntenant: acme\nname: good\nfrom: {service: a}\nto: {service: b}\neffect: allow\n';
const manifest =
  'kind: api\ntenant: acme\nservice: quotes\nversion: 1.0.0\nendpoints:\n  latest:\n    request: {}\n    reply: {}\n';
const long = 'x'.repeat(64);

let fabric: TestFabric;
let folder: string;
let creds: string;
const at = (...parts: string[]) => path.join(folder, ...parts);
const run = (...args: string[]) => causeway(['--dir', fabric.dir, ...args]);
const piped = (input: string) => causeway(['--dir', fabric.dir, 'apply', '-f', '-'], { input });
/** One line or more for people, and nothing else. */
function expectRefusal({ code, stdout, stderr }: Invocation, exitCode: number, words: RegExp): void {
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  expect(stderr).toMatch(words);
  expect(stderr).not.toMatch(/^ {4}at /m);
}
/** All that wrong input could change: documents, and files of the fabric's user. */
async function state(): Promise<string> {
  const probe = {
    kind: 'policy',
    tenant: 'acme',
    name: 'probe',
    from: {},
    to: { service: 'b' },
    effect: 'deny',
  };
  const { revision } = await fabric.admin.apply([probe], { dryRun: true });
  return JSON.stringify([revision, (await readdir(folder)).sort()]);
}

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a', 'edge-b'], tenants: ['acme', 'globex'] });
  folder = path.join(path.dirname(fabric.dir), 'desk');
  await mkdir(folder);
  creds = at('caller.creds');
  expect(await run('service', 'add', 'acme/edge-a/caller', '--out', creds)).toMatchObject({ code: 0 });
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

describe('bad input, command line', () => {
  it.each([
    ['nothing', '', /there is no document in standard input/],
    ['a mistyped kind', 'kind: polcy\n', /standard input:1:7 .*"polcy".*did you mean "policy"\?/],
    ['no kind', 'name: x\n', /\/kind is missing; expected "policy" or "api"/],
    [
      'a mistyped field',
      `${policy}---\n${policy.replace('good', 'other').replace('effect', 'efect')}`,
      /:13:8 \(document 2\).*"effect"\?/,
    ],
    [
      'a field of the wrong type',
      policy.replace('good', '123'),
      /:3:7 .*policy \/name must be string, got 123/,
    ],
    ['a name that is too long', policy.replace('good', long), /:3:7 .*policy \/name must match pattern/],
    ['no name', policy.replace('good', "''"), /:3:7 .*policy \/name must match pattern .*, got ""/],
    ['a tenant that there is not', policy.replace('acme', 'acm'), /:2:9 .*no tenant of this fabric: acm/],
    ['a second document that is no YAML', `${policy}---\nkind: [\n`, /standard input:9:1: /],
    ['a field twice', `${policy}name: other\n`, /standard input:7:1: Map keys must be unique/],
    ['a tag', policy.replace('good', '!vault abc'), /standard input:3:7: Unresolved tag: !vault/],
    [
      'a manifest’s mistyped field',
      manifest.replace('reply', 'reply: {}\n    idempotnt'),
      /:9:16 .*"idempotent"\?/,
    ],
    [
      'a mistyped keyword of a schema',
      manifest.replace('request: {}', 'request: {requird: [a]}'),
      /:7:24 .*\/endpoints\/latest\/request\/requird .*"required"\?/,
    ],
    [
      'a name of an endpoint',
      manifest.replace('latest', 'Get it'),
      /:7:5 .*\/endpoints\/Get it is a name that/,
    ],
  ])(
    'bad input, command line - apply: %s is refused with its place, and nothing is applied',
    async (_, text, words) => {
      const before = await state();
      expectRefusal(await piped(text), 1, words);
      expect(await state()).toBe(before);
    },
  );

  it('bad input, command line - apply: files that are none, too large, no text or not there are named', async () => {
    await mkdir(at('many'));
    await writeFile(at('many', 'a.yaml'), policy);
    await writeFile(at('many', 'b.yaml'), Buffer.from('kind: policy\nname: "\xe9"\n', 'latin1'));
    await writeFile(at('large.yaml'), '# '.padEnd(64_000_001, 'x'));
    const before = await state();
    expectRefusal(await run('apply', '-f', at('many')), 1, /b\.yaml is not text in UTF-8; save it as that/);
    expectRefusal(
      await run('apply', '-f', at('large.yaml')),
      1,
      /large\.yaml is too large: more than 64000000/,
    );
    expectRefusal(await run('apply', '-f', at('none.yaml')), 1, /none\.yaml does not exist/);
    expectRefusal(await run('apply', '-f', ''), 2, /Expected a path/);
    expect(await state()).toBe(before);
  });

  it('bad input, command line - a place where nothing can be written is refused before anything is signed', async () => {
    await mkdir(at('taken'));
    await writeFile(at('file'), '');
    const services = async () => (await run('get', 'services', '-o', 'json')).stdout;
    const before = await services();
    const add = (...more: string[]) => run('service', 'add', 'acme/edge-a/late', ...more);
    expectRefusal(await add('--out', at('taken'), '--force'), 1, /taken is a folder; name a file in it/);
    expectRefusal(await add('--out', at('file', 'x.creds')), 1, /file: .*\((EEXIST|ENOTDIR)\)/);
    expectRefusal(await add('--out', ''), 2, /Expected a path/);
    expect(await services()).toBe(before);
    expectRefusal(await run('restore', at('taken')), 1, /taken is a folder; name the file of a backup/);
    expectRefusal(await run('restore', at('none')), 1, /there is no backup at .*none; check the path/);
    const sealed = ['backup', at('b'), '--passphrase-file'];
    expectRefusal(await run(...sealed, at('taken')), 1, /taken is a folder; name a file/);
    expectRefusal(await run(...sealed, at('none')), 1, /none is not there; check the path/);
  });

  it('bad input, command line - what steers a terminal comes back without it', async () => {
    for (const args of [['\u001b[31m'], ['get', '\u001b[31m'], ['get', 'policies', '\u001b[31m']]) {
      expect((await run(...args)).stderr).not.toContain('\u001b');
    }
  });

  it.each([0, 64])(
    'bad input, command line - names of %d characters are wrong usage, whatever they name',
    async (length) => {
      const name = 'x'.repeat(length);
      for (const args of [
        ['service', 'add', `acme/edge-a/${name}`, '--out', at('x')],
        ['service', 'add', `acme/${name}/a`, '--out', at('x')],
        ['service', 'add', `${name}/edge-a/a`, '--out', at('x')],
        ['tenant', 'add', name],
        ['revoke', `acme/edge-a/${name}`],
        ['call', `${name}.v1.say`, '--as', creds],
        ['call', `echo.v1.${name}`, '--as', creds],
        ['call', 'echo.v1.say', '--site', name, '--as', creds],
        ['explain', '--from', `acme/edge-a/${name}`, '--to', 'a.v1.b'],
        ['apply', '-f', at('x'), '--tenant', name],
        ['audit', 'tail', '--tenant', name],
      ]) {
        const { program, written } = programOf();
        const wrong = await program
          .parseAsync(['--dir', fabric.dir, ...args], { from: 'user' })
          .catch(String);
        expect({ args, wrong }).toEqual({ args, wrong: expect.stringMatching(/^CommanderError/) });
        expect(written).toEqual({ stdout: '', stderr: expect.stringMatching(/^causeway: /) });
      }
      const { code, stderr } = await causeway([
        '--dir',
        at('new'),
        'up',
        '--tenant',
        name || ',',
        '--detach',
      ]);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/1 to 63 characters|at least one tenant/);
      await expect(readdir(at('new'))).rejects.toThrow('ENOENT');
    },
    120_000,
  );
});

describe('bad input, credentials on the command line', () => {
  const layout = () => fabricLayout(fabric.dir).site('edge-a');
  const copy = async (name: string, mode = 0o600) => {
    await writeFile(at(name), await readFile(creds), { mode });
    await chmod(at(name), mode);
    return at(name);
  };
  const expired = async () => {
    const { publicKey } = await accountAt(fabric, 'cloud', 'acme');
    const keys = path.join(fabricLayout(fabric.dir).registry, 'keys');
    const user = createKeys('user', systemRandom);
    const { jwt } = await issueUser({
      account: { kind: 'tenant', name: 'acme', publicKey },
      role: 'service',
      name: 'caller',
      tags: { site: 'edge-a' },
      key: user.publicKey,
      signer: (await readFile(path.join(keys, 'acme.service.nk'), 'utf8')).trim(),
      now: systemClock.now() - 7_200_000,
      expires: systemClock.now() - 3_600_000,
    });
    await writeSecret(at('expired.creds'), formatCreds(jwt, user.seed));
    return at('expired.creds');
  };
  const cut = async () => {
    const file = await copy('cut.creds');
    await truncate(file, 600);
    return file;
  };

  it.each<[string, () => string | Promise<string>, RegExp]>([
    [
      'missing',
      () => at('none.creds'),
      /there are no credentials at .*none\.creds; make them with causeway service add/,
    ],
    ['a folder', () => folder, /is a folder; name a \.creds file/],
    ['truncated', cut, /cut\.creds is truncated: .* get it again/],
    ['readable by others', () => copy('open.creds', 0o644), /can be read by others.*: run chmod 600/],
    [
      'an administrator’s',
      () => fabricLayout(fabric.dir).admin,
      /exactly one tag site:<site>.*not those of a Causeway service/,
    ],
    [
      'a leaf link’s',
      () => path.join(layout().leafCreds, 'acme.leaf.creds'),
      /REVOKED.*refused the credentials/,
    ],
    ['a gateway’s', () => path.join(layout().creds, 'gateway-acme.creds'), /DENIED.*server does not let/],
    ['expired', expired, /REVOKED.*expired/],
  ])(
    'bad input, credentials on the command line - that are %s are refused by call and discover',
    async (_, make, words) => {
      const file = await make();
      for (const args of [
        ['call', 'echo.v1.say', '{}', '--as', file],
        ['discover', '--as', file],
      ]) {
        expectRefusal(await run(...args), 1, words);
      }
    },
    60_000,
  );

  it('bad input, credentials on the command line - of another tenant work for that tenant alone', async () => {
    const file = at('globex.creds');
    await run('service', 'add', 'globex/edge-a/caller', '--out', file);
    expectRefusal(await run('call', 'echo.v1.say', '{}', '--as', file), 1, /"code":"NO_ROUTE"/);
    expect(await run('discover', '--as', file, '-o', 'json')).toMatchObject({ code: 0, stdout: '[]\n' });
  });
});
