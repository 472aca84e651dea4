import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const docs = path.join(import.meta.dirname, '..', '..', 'docs');
const page = await readFile(path.join(docs, 'properties.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes(']('))
  .map((line) => line.split(' | '));

describe('properties', () => {
  it('properties - the page has a row for each', () => expect(rows.length).toBeGreaterThan(15));

  it.each(rows)(
    'properties - of "%s" as many cases are run as the page says',
    async (_, links = '', cases = '') => {
      const files = [...links.matchAll(/\]\(([^)]+)\)/g)].map(([, file = '']) => path.join(docs, file));
      const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
      const numbers = new Set(texts.flatMap((text) => text.replaceAll('_', '').match(/\d+/g) ?? []));
      const said = cases.replaceAll(',', '').match(/\d+/g) ?? [];
      expect(said.length).toBeGreaterThan(0);
      expect(said.filter((number) => !numbers.has(number))).toEqual([]);
    },
  );
});
