import { Option } from 'commander';
import { Document, Scalar, visit } from 'yaml';
import type { Context } from '../context.ts';
import { type Column, renderTable } from './table.ts';
import { coloured, escapeSteering, steering, terminalWidth } from './terminal.ts';

/** How a command prints what it found. */
export type Format = 'table' | 'json' | 'yaml';

/** The option that every command has which prints something. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print it')
    .choices(['table', 'json', 'yaml'])
    .default('table');
}

/** Counters are whole numbers of any size; those that a double cannot hold go out as text. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

/** A value as one line of JSON. */
export function jsonLine(value: unknown): string {
  return `${jsonText(value)}\n`;
}

/** A value as JSON. */
export function jsonText(value: unknown, indent?: number): string {
  return escapeSteering(JSON.stringify(value, plain, indent));
}

/** Text of several lines of which one begins or ends with space, or is empty. */
const looseSpace = /^\s.*\n|\n.*\s$|[^\S\n]\n|\n\s/s;

/** A value as YAML. */
export function yamlText(value: unknown): string {
  const document = new Document(JSON.parse(JSON.stringify(value, plain)));
  // A plain text has no escapes; and in a block, space at the ends of lines does not come back as it was.
  visit(document, {
    Scalar(_key, node) {
      const { value: text } = node;
      if (typeof text === 'string' && (steering.test(text) || looseSpace.test(text)))
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeSteering(document.toString());
}

/** Prints a value on standard output: as JSON, as YAML, or for people as `table` says it. */
export function print(context: Context, format: Format, value: unknown, table: () => string): void {
  const text = format === 'json' ? `${jsonText(value, 2)}\n` : format === 'yaml' ? yamlText(value) : table();
  context.stdout.write(text);
}

/** A table that fits standard output. */
export function tableFor<T>(context: Context, columns: readonly Column<T>[], rows: readonly T[]): string {
  const { stdout, env } = context;
  return renderTable(columns, rows, { width: terminalWidth(stdout, env), colour: coloured(stdout, env) });
}
