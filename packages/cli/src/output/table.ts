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
const narrowest = 8;

/** The widths of columns, shrunk from the widest until they fit; never below what can still be read. */
export function fitWidths(natural: readonly number[], width: number | undefined): number[] {
  const widths = [...natural];
  if (width === undefined) return widths;
  const total = () => widths.reduce((sum, each) => sum + each + gap, -gap);
  while (total() > width) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= narrowest) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** A table as text: headings, then a line for each row; cells that do not fit are broken between words. */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], space: TableSpace): string {
  const paint = painter(space.colour);
  const titles = columns.map(({ title }) => title);
  const cells = rows.map((row) =>
    columns.map(({ value }) => {
      const shown = value(row);
      return shown === undefined || shown === null || shown === '' ? '-' : printable(String(shown));
    }),
  );
  const natural = titles.map((title, index) =>
    Math.max(title.length, ...cells.map((line) => longestLine(line[index] ?? ''))),
  );
  const table = new Table({
    chars: Object.fromEntries(borders.map((name) => [name, ''])),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap },
    colWidths: fitWidths(natural, space.width).map((each) => each + gap),
    wordWrap: true,
  });
  table.push(titles.map((title) => paint('bold', title)));
  for (const line of cells) table.push(line);
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

function longestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

const borders = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
];
