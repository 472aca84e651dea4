import { chmod, mkdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';

const policy =
  'kind: policy\ntenant: acme\nname: good\nfrom: {service: a}\nto: {service: b}\neffect: allow\n';
const manifest = (request: string) =>
  `kind: api\ntenant: acme\nservice: quotes\nversion: 1.0.0\nendpoints:\n  latest:\n    request: ${request}\n    reply: {}\n`;

/** Each level ten times the one before it: a thousand million at the end. */
function billionLaughs(): string {
  const lines = ['a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]'];
  for (let level = 1; level < 10; level += 1) {
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  }
  return `${lines.join('\n')}\n`;
}

let fabric: TestFabric;
let folder: string;
const run = (...args: string[]) => causeway(['--dir', fabric.dir, ...args]);
const piped = (input: string) => causeway(['--dir', fabric.dir, 'apply', '-f', '-'], { input });
const standing = async () => (await fabric.admin.get('policies')).items.map(({ name }) => name);

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'] });
  folder = path.join(path.dirname(fabric.dir), 'documents');
  await mkdir(folder);
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

describe('bad input, documents', () => {
  it.each([
    [
      'aliases for a thousand million',
      billionLaughs(),
      /aliases \(\*name\) of the document stand for more than 100/,
    ],
    ['an alias inside itself', 'kind: &k\n  a: *k\n', /:2:6: the alias \*k stands inside what it stands for/],
    ['a field twice', `${policy}effect: deny\n`, /:7:1: Map keys must be unique/],
    ['a tab', `${policy}\tname: x\n`, /Tabs are not allowed|:7:/],
    ['an unknown field', policy.replace('effect', 'efect'), /:6:8 .*did you mean "effect"\?/],
    [
      'a $ref that leads back to itself',
      manifest('{$ref: "#/$defs/a", $defs: {a: {$ref: "#/$defs/b"}, b: {$ref: "#/$defs/a"}}}'),
      /:7:\d+ .*leads back to itself|:7:\d+ .*circle|:7:\d+ .*itself/,
    ],
    ['a pattern that looks behind', manifest('{type: string, pattern: "(?<=a)b"}'), /:7:\d+ .*pattern/],
    [
      'a pattern of too many steps',
      manifest('{type: string, pattern: "(a{1,900}){1,900}"}'),
      /:7:\d+ .*1,?000 /,
    ],
  ])('bad input, documents - %s is refused at once, with its place', async (_, text, words) => {
    const refused = await piped(text);
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(words);
    expect(await standing()).toEqual([]);
  });

  it('bad input, documents - a pattern that takes other engines for ever is taken, and checked in linear time', async () => {
    const done = await piped(manifest('{type: string, pattern: "^(a+)+$"}'));
    expect(done).toMatchObject({ code: 0 });
  });

  it('bad input, documents - a glob that fits nothing is a warning with its place, and the policy is applied', async () => {
    const done = await piped(policy.replace('{service: a}', '{site: plant-*}').replace('good', 'globbed'));
    expect(done).toMatchObject({ code: 0 });
    expect(done.stderr).toMatch(/warning: standard input:4:\d+: plant-\* fits no site of tenant acme yet/);
    expect(await standing()).toEqual(['globbed']);
  });

  it('bad input, documents - a byte order mark, Windows’ line ends and several documents do no harm', async () => {
    const text = `\uFEFF${policy.replace('good', 'one')}---\n${policy.replace('good', 'two')}`.replaceAll(
      '\n',
      '\r\n',
    );
    expect(await piped(text)).toMatchObject({ code: 0 });
    expect((await standing()).sort()).toEqual(['globbed', 'one', 'two']);
  });

  it('bad input, documents - a file of 100 MB and one that must not be read are named', async () => {
    const large = path.join(folder, 'large.yaml');
    await writeFile(large, policy);
    await truncate(large, 100_000_000);
    expect(await run('apply', '-f', large)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/large\.yaml is too large: more than 64000000 bytes/),
    });
    const secret = path.join(folder, 'secret.yaml');
    await writeFile(secret, policy);
    await chmod(secret, 0);
    const unread = await run('apply', '-f', secret);
    // Nothing is closed to the super-user, and Windows has no such modes.
    const closed = process.getuid?.() !== 0 && process.platform !== 'win32';
    expect(unread.code).toBe(closed ? 1 : 0);
    if (closed) expect(unread.stderr).toMatch(/secret\.yaml cannot be read \(EACCES\)/);
  });
});
