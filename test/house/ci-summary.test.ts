import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.ts';
import { root } from '../support/source-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const file = (status: string, ...states: string[]) => ({
  status,
  assertionResults: states.map((state) => ({ status: state })),
});

async function summaryOf(checks: unknown, tests: unknown, code: string) {
  const folder = await temporaryFolder();
  const paths = [join(folder, 'checks.json'), join(folder, 'tests.json')] as const;
  if (checks) await writeFile(paths[0], JSON.stringify(checks));
  if (tests) await writeFile(paths[1], JSON.stringify(tests));
  return runProgram(process.execPath, [join(root, 'scripts/ci-summary.mjs'), ...paths, code]);
}

describe('ci summary', () => {
  const green = { testResults: [file('passed', 'passed', 'passed')] };
  const cases: [string, unknown, unknown, string, string, number][] = [
    ['all is well', { style: true, types: true }, green, '0', '4 passed, 0 failed', 0],
    [
      'tests are skipped',
      {},
      { testResults: [file('passed', 'passed', 'skipped', 'todo')] },
      '0',
      '1 passed, 0 failed, 2 skipped',
      0,
    ],
    ['a check fails', { style: true, types: false }, green, '0', '3 passed, 1 failed', 1],
    [
      'a test fails',
      { style: true },
      { testResults: [file('failed', 'passed', 'failed')] },
      '1',
      '2 passed, 1 failed',
      1,
    ],
    [
      'a file cannot be loaded',
      {},
      { testResults: [file('failed'), file('passed', 'passed')] },
      '1',
      '1 passed, 1 failed',
      1,
    ],
    ['vitest crashed', { style: true }, undefined, '1', '1 passed, 1 failed', 1],
    ['the checks crashed', undefined, green, '0', '2 passed, 1 failed', 1],
    ['nothing was run', {}, { testResults: [] }, '0', '0 passed, 1 failed', 1],
    ['an error outside of every test', {}, green, '1', '2 passed, 1 failed', 1],
    ['the time ran out', {}, undefined, '124', '0 passed, 1 failed', 1],
  ];
  it.each(cases)('ci summary - %s', async (_name, checks, tests, code, line, exit) => {
    const result = await summaryOf(checks, tests, code);
    expect(result.stdout).toBe(`${line}\n`);
    expect(result.code).toBe(exit);
  });
});
