import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const folder = path.resolve(import.meta.dirname, '../../docs/adr');
const pages = readdirSync(folder)
  .filter((name) => /^\d{4}-.*\.md$/.test(name))
  .sort();

/** Number and title of a page, from its first line. */
function headOf(name: string): { number: number; title: string } {
  const first = readFileSync(path.join(folder, name), 'utf8').split('\n')[0] ?? '';
  const match = /^# (\d+)\. (.+)$/.exec(first);
  return { number: Number(match?.[1]), title: match?.[2] ?? '' };
}

it('adr - every page has its number, a date, a status, and the parts that a decision needs', () => {
  expect(pages.length).toBeGreaterThan(0);
  for (const [index, name] of pages.entries()) {
    const text = readFileSync(path.join(folder, name), 'utf8');
    expect(headOf(name).number, name).toBe(index + 1);
    expect(Number(name.slice(0, 4)), name).toBe(index + 1);
    expect(text, name).toMatch(
      /\| date \| status \|\n\|---\|---\|\n\| \d{4}-\d\d-\d\d \| (accepted|replaced by \d+) \|/,
    );
    expect(text, name).toContain('\n## Problem\n');
    expect(text, name).toContain('\n## Decision\n');
  }
});

it('adr - the index names every page, with its title, and nothing else', () => {
  const index = readFileSync(path.join(folder, 'README.md'), 'utf8');
  const rows = [...index.matchAll(/^\| \[(\d+)\]\(([^)]+)\) \| (.+) \|$/gm)].map(
    ([, number, file, title]) => ({
      number: Number(number),
      file,
      title,
    }),
  );
  expect(rows).toEqual(pages.map((name) => ({ ...headOf(name), file: name })));
});
