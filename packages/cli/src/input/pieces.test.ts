import { expect, it } from 'vitest';
import { parseDocuments } from './parse-documents.ts';
import { piecesOf } from './pieces.ts';

const filler = `# ${'x'.repeat(100_000)}\n`;

it('pieces - a short text, and one with directives, stays whole', () => {
  expect(piecesOf('a: 1\n---\nb: 2\n')).toHaveLength(1);
  expect(piecesOf(`%YAML 1.2\n---\na: 1\n---\n${filler}`)).toHaveLength(1);
});

it('pieces - a long text is divided at its markers, and is the same documents at the same places', () => {
  const text = [
    '# first\nkind: policy\nname: a\n',
    '---\nkind: policy\nname: b\nreason: |\n  ---\n  is no marker there\n',
    '--- {kind: policy, name: c}\n',
    '---\n- {kind: policy, name: d}\n- {kind: policy,\n   name: e}\n',
    '---\n# nothing\n',
    '---\nkind: policy\nname: f\n',
  ].join('');
  const plain = parseDocuments(text, 'f.yaml');
  const long = parseDocuments(text + filler, 'f.yaml');
  expect(piecesOf(text + filler).length).toBe(6);
  const shown = ({ documents }: typeof plain) =>
    documents.map(({ value, number, place }) => [value, number, place('/name'), place('')]);
  expect(shown(long)).toEqual(shown(plain));
  expect(shown(long).map(([, , at]) => at)).toContain('f.yaml:14:10');
});

it('pieces - what is wrong is said at its place in the whole', () => {
  const text = `kind: policy\n---\n${filler}kind: 'open\n---\nkind: api\n`;
  const { documents, faults } = parseDocuments(text, 'f.yaml');
  expect(documents.map(({ value }) => value.kind)).toEqual(['policy', 'api']);
  expect(faults).toEqual([expect.stringMatching(/^f\.yaml:[45]:\d+: /)]);
});
