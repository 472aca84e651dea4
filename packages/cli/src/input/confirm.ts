import { createInterface } from 'node:readline/promises';
import type { Context } from '../context.ts';

/** True where somebody sits before it who can be asked. */
export function canAsk({ stdin, stderr }: Pick<Context, 'stdin' | 'stderr'>): boolean {
  return Boolean(stdin.isTTY && stderr.isTTY);
}

/** Asks a question on the terminal; anything but yes is no. */
export async function confirm(
  { stdin, stderr }: { readonly stdin: NodeJS.ReadableStream; readonly stderr: NodeJS.WritableStream },
  question: string,
): Promise<boolean> {
  const reader = createInterface({ input: stdin, output: stderr });
  // At the end of input nobody answers any more.
  const ended = new Promise<string>((resolve) => {
    reader.once('close', () => resolve(''));
  });
  try {
    const answer = await Promise.race([reader.question(`${question} [y/N] `), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}
