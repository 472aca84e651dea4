import { describe, expect, it } from 'vitest';
import { sourceFiles } from '../support/source-files.ts';

const LIMIT = 400;
const isCode = (path: string) => /\.(?:ts|mjs|cjs)$/.test(path) && !path.includes('/generated/');

describe('file size', () => {
  it(`file size - no file is longer than ${LIMIT} lines`, async () => {
    const files = await sourceFiles('.', isCode);
    const long = files.map(({ path, text }) => `${path}: ${text.split('\n').length - 1}`).filter(isTooLong);
    expect(long).toEqual([]);
  });
});

function isTooLong(line: string): boolean {
  return Number(line.split(': ').at(-1)) > LIMIT;
}
