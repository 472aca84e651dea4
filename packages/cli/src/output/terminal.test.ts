import { describe, expect, it } from 'vitest';
import { coloured, terminalWidth } from './terminal.ts';

const terminal = { isTTY: true, columns: 120 };
const file = { isTTY: false, columns: 0 };

describe('terminal', () => {
  it.each([
    [terminal, {}, true],
    [terminal, { NO_COLOR: '1' }, false],
    [terminal, { TERM: 'dumb' }, false],
    [terminal, { FORCE_COLOR: '0' }, false],
    [file, {}, false],
    [file, { FORCE_COLOR: '1' }, true],
    [file, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [file, { FORCE_COLOR: '' }, false],
  ])('terminal - colours, case %#', (stream, env, wanted) => {
    expect(coloured(stream, env)).toBe(wanted);
  });

  it.each([
    [terminal, {}, 120],
    [terminal, { COLUMNS: '60' }, 60],
    [terminal, { COLUMNS: 'wide' }, 120],
    [{ isTTY: true, columns: 0 }, {}, 80],
    [file, {}, undefined],
    [file, { COLUMNS: '60' }, 60],
    [file, { COLUMNS: '0' }, undefined],
  ])('terminal - width, case %#', (stream, env, width) => {
    expect(terminalWidth(stream, env)).toBe(width);
  });
});
