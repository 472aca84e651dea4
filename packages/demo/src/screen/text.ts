import { styleText } from 'node:util';

/** Columns that every line keeps to. */
export const width = 80;

/** How something stands out, where the output has colours. */
export type Tone = 'good' | 'bad' | 'dim' | 'strong';

/** Colours a text, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

const styles = { good: 'green', bad: 'red', dim: 'dim', strong: 'bold' } as const;

/** A painter for an output with colours, or without. */
export function createPaint(colours: boolean): Paint {
  // The caller knows the output; styleText's own look at standard output would be at another.
  return (tone, text) => (colours ? styleText(styles[tone], text, { validateStream: false }) : text);
}

/** A text of exactly `columns` columns: cut with … or filled up on the right. */
export function fit(text: string, columns: number): string {
  const clean = printable(text);
  return clean.length > columns ? `${clean.slice(0, columns - 1)}…` : clean.padEnd(columns);
}

/** A text as lines of at most `columns` columns, broken between words where that is possible. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of printable(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    for (; word.length > columns; word = word.slice(columns)) lines.push(word.slice(0, columns));
    line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Without control characters: what a service says must not move the cursor. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
