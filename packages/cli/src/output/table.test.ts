import { describe, expect, it } from 'vitest';
import { fitWidths, renderTable } from './table.ts';

const columns = [
  { title: 'NAME', value: (row: { name: string; text?: string }) => row.name },
  { title: 'TEXT', value: (row: { name: string; text?: string }) => row.text },
];

describe('table', () => {
  it('table - columns are as wide as their content, without trailing blanks', () => {
    const rows = [{ name: 'a', text: 'one two' }, { name: 'longer' }];
    expect(renderTable(columns, rows, { width: undefined, colour: false })).toBe(
      'NAME    TEXT\na       one two\nlonger  -\n',
    );
    expect(renderTable(columns, [], { width: undefined, colour: false })).toBe('NAME  TEXT\n');
  });

  it('table - on a terminal it fits, broken between words', () => {
    const rows = [{ name: 'a', text: 'some words that do not fit into so few columns' }];
    const table = renderTable(columns, rows, { width: 30, colour: false });
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(30);
    expect(table.replaceAll(/\s+/g, ' ')).toContain('some words that do not fit into so few columns');
  });

  it('table - colours only the headings, and only when asked', () => {
    const table = renderTable(columns, [{ name: 'a' }], { width: undefined, colour: true });
    expect(table).toBe('\u001b[1mNAME\u001b[0m  \u001b[1mTEXT\u001b[0m\na     -\n');
  });

  it('table - of very many rows every one is there, in columns of one width', () => {
    const rows = Array.from({ length: 1_000 }, (_, n) => ({ name: `row-${n}`, text: 'x' }));
    const lines = renderTable(columns, rows, { width: undefined, colour: false }).trimEnd().split('\n');
    expect(lines).toEqual(['NAME     TEXT', ...rows.map(({ name }) => `${name.padEnd(7)}  x`)]);
  });

  it('table - what others wrote cannot steer the terminal', () => {
    const rows = [{ name: '\u001b[2Ja\u009b', text: 'b\r\u0007' }];
    expect(renderTable(columns, rows, { width: undefined, colour: false })).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it('table - widths shrink from the widest, and stop at the longest word', () => {
    expect(fitWidths([4, 50, 10], [4, 5, 5], 40)).toEqual([4, 22, 10]);
    expect(fitWidths([4, 50, 10], [4, 24, 5], 40)).toEqual([4, 24, 8]);
    expect(fitWidths([4, 20, 20], [4, 8, 9], 24)).toBeUndefined();
    expect(fitWidths([4, 50], [4, 50], undefined)).toEqual([4, 50]);
  });

  it('table - where words themselves do not fit, each row is a paragraph, and nothing is left out', () => {
    const rows = [{ name: 'a', text: 'tls://edge-a.example.org:4222' }, { name: 'b' }];
    expect(renderTable(columns, rows, { width: 20, colour: false })).toBe(
      'NAME  a\nTEXT  tls://edge-a.example.org:4222\n\nNAME  b\nTEXT  -\n',
    );
  });
});
