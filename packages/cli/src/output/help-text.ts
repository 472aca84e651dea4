import type { Context } from '../context.ts';
import { terminalWidth } from './terminal.ts';

/** What stands behind a command's options in its help, for `addHelpText`: its paragraphs fit the terminal. */
export function helpText(context: Pick<Context, 'stdout' | 'env'>, text: string): () => string {
  return () => {
    const width = terminalWidth(context.stdout, context.env);
    return width === undefined ? text : reflow(text, width);
  };
}

/** Breaks paragraphs anew, between words. Lines that begin with a blank are commands, to be copied as they stand. */
export function reflow(text: string, width: number): string {
  const lines: string[] = [];
  let paragraph: string[] = [];
  const end = () => {
    lines.push(...broken(paragraph.join(' '), width));
    paragraph = [];
  };
  for (const line of text.split('\n')) {
    if (line !== '' && !line.startsWith(' ')) paragraph.push(line);
    else {
      end();
      lines.push(line);
    }
  }
  end();
  return lines.join('\n');
}

function broken(paragraph: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of paragraph.split(' ').filter(Boolean)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
