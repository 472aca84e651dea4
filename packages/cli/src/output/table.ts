import Table from 'cli-table3';
import { painter, printable } from './terminal.ts';

/** One column: its heading, and what it shows of a row. */
export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | bigint | null | undefined;
}

/** Where a table goes. */
export interface TableSpace {
  /** Columns of the terminal; undefined for as many as it takes. */
  readonly width: number | undefined;
  readonly colour: boolean;
}

const gap = 2;
/** The library's work grows with the square of a table's rows; widths are ours, so a long table is the sum of short ones. */
const rowsAtOnce = 200;

/**
 * The widths of columns, shrunk from the widest until they fit, and none below its longest word. Undefined where they
 * cannot fit.
 */
export function fitWidths(
  natural: readonly number[],
  least: readonly number[],
  width: number | undefined,
): number[] | undefined {
  const widths = [...natural];
  if (width === undefined) return widths;
  const total = () => widths.reduce((sum, each) => sum + each + gap, -gap);
  while (total() > width) {
    const room = widths.map((each, index) => (each > (least[index] ?? 0) ? each : 0));
    const widest = room.indexOf(Math.max(...room));
    if (!room[widest]) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/**
 * A table as text: headings, then a line for each row; cells that do not fit are broken between words. Where there is no
 * room for that, each row is a paragraph with a line for each column: nothing is ever left out.
 */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], space: TableSpace): string {
  const paint = painter(space.colour);
  const titles = columns.map(({ title }) => title);
  const cells = rows.map((row) =>
    columns.map(({ value }) => {
      const shown = value(row);
      return shown === undefined || shown === null || shown === '' ? '-' : printable(String(shown));
    }),
  );
  const ofColumn = (longest: (text: string) => number) =>
    titles.map((title, index) =>
      cells.reduce((most, line) => Math.max(most, longest(line[index] ?? '')), longest(title)),
    );
  const widths = fitWidths(ofColumn(longestLine), ofColumn(longestWord), space.width);
  if (!widths) return paragraphs(titles, cells, paint);
  const lines = [titles.map((title) => paint('bold', title)), ...cells];
  let text = '';
  for (let start = 0; start < lines.length; start += rowsAtOnce) {
    text += renderRows(lines.slice(start, start + rowsAtOnce), widths);
  }
  return text;
}

function renderRows(rows: readonly string[][], widths: readonly number[]): string {
  const table = new Table({
    chars: Object.fromEntries(borders.map((name) => [name, ''])),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap },
    colWidths: widths.map((each) => each + gap),
    wordWrap: true,
  });
  table.push(...rows);
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

function paragraphs(
  titles: readonly string[],
  cells: readonly (readonly string[])[],
  paint: ReturnType<typeof painter>,
): string {
  const indent = Math.max(...titles.map((title) => title.length)) + gap;
  const heads = titles.map((title) => `${paint('bold', title)}${' '.repeat(indent - title.length)}`);
  const continued = `\n${' '.repeat(indent)}`;
  return cells
    .map((line) => line.map((cell, index) => `${heads[index]}${cell.replaceAll('\n', continued)}\n`).join(''))
    .join('\n');
}

function longestWord(text: string): number {
  return Math.max(...text.split(/\s/).map((word) => word.length));
}

function longestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

const borders = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
];
