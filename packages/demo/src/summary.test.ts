import { describe, expect, it } from 'vitest';
import { createPaint, width } from './screen/text.ts';
import { allHolds, type Findings, summaryLines } from './summary.ts';

const well = {
  outcomes: new Map([
    ['DENIED', 1],
    ['OK', 2],
  ]),
  balance: { replies: 3, matched: 3, surplus: 0, unanswered: 0 },
  audit: { records: 4n, counters: 7, countedCalls: 4n, differences: [], chains: 2, blocks: 5, problems: [] },
  surprises: [],
  damaged: 0,
} satisfies Findings;
const { balance, audit } = well;

const textOf = (findings: Findings) =>
  summaryLines(findings, createPaint(false)).join(' ').replaceAll(/\s+/g, ' ');

describe('summary', () => {
  it('summary - all is well', () => {
    expect(allHolds(well)).toBe(true);
    const text = textOf(well);
    expect(text).toContain('calls 3: 2 OK, 1 DENIED');
    expect(text).toContain(
      'every reply that a gateway sent has exactly one record of the same outcome: 3 of 3',
    );
    expect(text).toContain('counters = recount: yes (7 counters, 4 of 4 recorded calls)');
    expect(text).toContain('chains verified: yes (2 chains, 5 signed blocks)');
    expect(text).not.toContain('NO ');
  });

  const ill: [string, Findings, string][] = [
    ['a reply has no record', { ...well, balance: { ...balance, matched: 2 } }, '2 of 3'],
    ['a record has no reply', { ...well, balance: { ...balance, surplus: 2 } }, '2 records of calls'],
    ['nothing was replied', { ...well, balance: { ...balance, replies: 0, matched: 0 } }, '0 of 0'],
    ['a call got no reply', { ...well, balance: { ...balance, unanswered: 1 } }, '1 calls got no reply'],
    ['a call ended otherwise', { ...well, surprises: ['a ended with OK'] }, 'a ended with OK'],
    ['a counter differs', { ...well, audit: { ...audit, differences: ['flow.x'] } }, 'flow.x'],
    ['records are not counted', { ...well, audit: { ...audit, countedCalls: 3n } }, '3 of 4 recorded calls'],
    ['a chain is broken', { ...well, audit: { ...audit, problems: ['gap: at 2'] } }, 'gap: at 2'],
    ['there is no chain', { ...well, audit: { ...audit, chains: 0 } }, 'chains verified: no'],
    ['a block cannot be read', { ...well, damaged: 1 }, '1 blocks could not be read'],
  ];
  it.each(ill)('summary - %s', (_what, findings, told) => {
    expect(allHolds(findings)).toBe(false);
    expect(textOf(findings)).toContain(told);
    expect(textOf(findings)).toContain('NO ');
  });

  it('summary - without a look through the streams nothing is said to hold', () => {
    const { audit: _, ...unaudited } = well;
    expect(allHolds(unaudited)).toBe(false);
    expect(textOf(unaudited)).not.toContain('recount');
  });

  it('summary - no line is wider than the screen', () => {
    const surprises = [`${'long '.repeat(40)}${'x'.repeat(100)}`];
    const lines = summaryLines({ ...well, surprises }, createPaint(false));
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  });
});
