import type { Context } from '../context.ts';
import { coloured, cut, painter, printable, terminalWidth } from './terminal.ts';

/** Says on standard error what takes a while. */
export interface Progress {
  /** The step under way. On a terminal it takes the place of the one before. */
  say(text: string): void;
  /** Takes the last step off the terminal again. */
  end(): void;
}

const clearLine = '\r\u001b[K';

/** Creates the progress of a command. */
export function createProgress(context: Pick<Context, 'stderr' | 'env'>): Progress {
  const { stderr, env } = context;
  if (!stderr.isTTY) {
    return { say: (text) => void stderr.write(`causeway: ${printable(text)}\n`), end() {} };
  }
  const width = terminalWidth(stderr, env) ?? 80;
  const paint = painter(coloured(stderr, env));
  let shown = false;
  return {
    say(text) {
      // One column short of the width: a full line would begin the next on some terminals.
      const line = cut(`${printable(text).replaceAll('\n', ' ')} …`, width - 1);
      stderr.write(`${clearLine}${paint('dim', line)}`);
      shown = true;
    },
    end() {
      if (shown) stderr.write(clearLine);
      shown = false;
    },
  };
}
