import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, errorTable } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { root, type SourceFile, sourceFiles } from '../support/source-files.ts';

/** One row of the table in docs/errors.md. */
interface Row {
  readonly code: string;
  readonly number: number;
  readonly retryable: string;
}

const codes = Object.keys(errorTable) as ErrorCode[];

/**
 * Codes that stand in the table for what is still to be built: quotas and the offline lease.
 * Shrinks to nothing; a code that the sources use must be taken off.
 */
const UNUSED: readonly ErrorCode[] = [];

/** The rows whose first cell is a code in backticks. */
function rowsOf(markdown: string): Row[] {
  return markdown.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const code = /^`([A-Z_]+)`$/.exec(cells[1] ?? '')?.[1];
    return code === undefined ? [] : [{ code, number: Number(cells[2]), retryable: cells[3] ?? '' }];
  });
}

/** What the documentation says otherwise than the table. */
function differences(rows: readonly Row[]): string[] {
  const found: string[] = [];
  for (const code of codes) {
    const own = rows.filter((row) => row.code === code);
    if (own.length !== 1) found.push(`${code} has ${own.length} rows`);
  }
  for (const { code, number, retryable } of rows) {
    const entry = Object.hasOwn(errorTable, code) ? errorTable[code as ErrorCode] : undefined;
    if (!entry) found.push(`${code} is no code`);
    else if (entry.number !== number) found.push(`${code} has number ${entry.number}, not ${number}`);
    else if ((entry.retryable ? 'yes' : 'no') !== retryable) {
      found.push(`${code} is retryable: ${entry.retryable ? 'yes' : 'no'}, not "${retryable}"`);
    }
  }
  return found;
}

/** Sources where a code can be thrown or answered: not the table, not tests, not what was generated. */
const isAnswering = (path: string) =>
  /^packages\/[^/]+\/src\/.*\.ts$/.test(path) &&
  !/\.test\.ts$|test-support\.ts$|\/generated\//.test(path) &&
  path !== 'packages/protocol/src/errors.ts';

const uses = ({ text }: SourceFile, code: string) => new RegExp(`['"\`]${code}['"\`]`).test(text);

describe('errors', () => {
  it('errors - docs/errors.md and the table say the same', async () => {
    expect(differences(rowsOf(await readFile(join(root, 'docs/errors.md'), 'utf8')))).toEqual([]);
  });

  it('errors - a planted difference is found', () => {
    const good = codes.map((code) => {
      const { number, retryable } = errorTable[code];
      return `| \`${code}\` | ${number} | ${retryable ? 'yes' : 'no'} | meaning | help |`;
    });
    const spoil = (index: number, from: RegExp, to: string) =>
      differences(rowsOf(good.with(index, (good[index] as string).replace(from, to)).join('\n')));
    expect(differences(rowsOf(good.join('\n')))).toEqual([]);
    expect(differences(rowsOf(good.slice(1).join('\n')))).toEqual([`${codes[0]} has 0 rows`]);
    expect(spoil(0, /4\d\d/, '599')).toEqual([`${codes[0]} has number 400, not 599`]);
    expect(spoil(0, /\| no \|/, '| yes |')).toEqual([`${codes[0]} is retryable: no, not "yes"`]);
    expect(spoil(0, /INVALID_REQUEST/, 'MADE_UP')).toEqual([`${codes[0]} has 0 rows`, 'MADE_UP is no code']);
  });

  it('errors - every code is answered somewhere, but for those that are still to come', async () => {
    const files = await sourceFiles('packages', isAnswering);
    expect(files.length).toBeGreaterThan(50);
    const unused = codes.filter((code) => !files.some((file) => uses(file, code)));
    expect(unused.sort()).toEqual([...UNUSED].sort());
  });
});
