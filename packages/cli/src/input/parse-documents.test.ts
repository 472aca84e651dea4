import { describe, expect, it } from 'vitest';
import { parseDocuments } from './parse-documents.ts';

const values = (text: string) => parseDocuments(text, 'f').documents.map(({ value }) => value);

describe('documents', () => {
  it('documents - a file holds any number, empty ones do not count', () => {
    expect(values('---\nkind: a\n---\n---\n# nothing\n---\nkind: b\n')).toEqual([
      { kind: 'a' },
      { kind: 'b' },
    ]);
    expect(values('')).toEqual([]);
    expect(values('\uFEFFkind: a')).toEqual([{ kind: 'a' }]);
  });

  it('documents - JSON is read as it is, and lists are lists of documents', () => {
    const text = JSON.stringify(
      [
        { kind: 'a', on: true },
        { kind: 'b', deep: [1.5, null, 'no'] },
      ],
      null,
      '\t',
    );
    expect(parseDocuments(text, 'f')).toMatchObject({ faults: [] });
    expect(values(text)).toEqual(JSON.parse(text));
    expect(values('- kind: a\n- kind: b\n')).toEqual([{ kind: 'a' }, { kind: 'b' }]);
  });

  it('documents - words that YAML once took for truth are words', () => {
    expect(values('kind: no\nname: on\nday: 2026-01-01\n')).toEqual([
      { kind: 'no', name: 'on', day: '2026-01-01' },
    ]);
  });

  it('documents - a pointer becomes a place in the file', () => {
    const text = '# first\nkind: a\n---\nkind: b\nto:\n  service: x\n  "a/b": [1, 2]\n';
    const [, second] = parseDocuments(text, 'dir/f.yaml').documents;
    expect(second?.number).toBe(2);
    expect(second?.place('')).toBe('dir/f.yaml:4:1');
    expect(second?.place('/to/service')).toBe('dir/f.yaml:6:12');
    expect(second?.place('/to/a~1b/1')).toBe('dir/f.yaml:7:14');
    // What is missing is missing from what is there.
    expect(second?.place('/to/major')).toBe('dir/f.yaml:6:3');
    const [, listed] = parseDocuments('- kind: a\n- kind: b\n', 'f').documents;
    expect(listed?.place('/kind')).toBe('f:2:9');
  });

  it.each([
    ['kind: [a', /^f:1:\d+: /],
    ['a: 1\na: 2\n', /^f:2:1: Map keys must be unique/],
    ['{"kind": "a",, }', /^f:1:\d+: /],
    ['just words', /^f:1:1: expected a document with fields such as kind, got "just words"/],
    ['- 1\n- kind: a\n', /^f:1:3: expected a document/],
    ['kind: *nowhere', /^f.*nowhere/],
    ['kind: policy\n\tname: x\n', /^f:2:1: Tabs are not allowed/],
    ['kind: policy\nname: !vault abc\n', /^f:2:7: Unresolved tag: !vault/],
    ["kind: !!js/function 'x'\n", /^f:1:7: Unresolved tag/],
    ['%YAML 9.9\n---\nkind: a\n', /^f:1:7: Unsupported YAML version 9.9/],
    ['kind: policy\n? {a: b}\n: c\n', /^f:2:3: the name of a field is no text/],
    ['kind: &k\n  a: *k\n', /^f:2:6: the alias \*k stands inside what it stands for/],
    [`kind: ${'['.repeat(128)}${']'.repeat(128)}\n`, /^f:1:134: the document is nested more than 128 levels/],
    [`kind: ${'['.repeat(20_000)}`, /^f:1:\d+: the document is nested more than 128 levels deep/],
  ])('documents - %j is refused with its place', (text, expected) => {
    const { faults } = parseDocuments(text, 'f');
    expect(faults[0]).toMatch(expected);
  });

  it('documents - aliases that would fill the memory are refused', () => {
    const lines = ['a0: &a0 [x, x]'];
    for (let i = 1; i < 30; i += 1) lines.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
    expect(parseDocuments(lines.join('\n'), 'f')).toMatchObject({
      documents: [],
      faults: [
        expect.stringMatching(/^f:1:1: the aliases \(\*name\) of the document stand for more than 100/),
      ],
    });
  });

  it('documents - line ends of Windows are line ends', () => {
    expect(values('kind: a\r\nto:\r\n  service: x\r\n')).toEqual([{ kind: 'a', to: { service: 'x' } }]);
  });

  it('documents - an alias that is used a few times stands for what it names', () => {
    expect(values('kind: a\nfrom: &who {service: x}\nto: *who\n')).toEqual([
      { kind: 'a', from: { service: 'x' }, to: { service: 'x' } },
    ]);
  });
});
