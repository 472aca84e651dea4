import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './source-files.ts';

const readme = () => readFile(join(root, 'README.md'), 'utf8');

/** The text of the README's fences in a language, in their order. */
export async function fences(language: string): Promise<string[]> {
  return [...(await readme()).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text,
  );
}

/** A command of the README, as it stands there but for its comment; `notRun` says why a reader's is not run by a test. */
export interface Command {
  readonly line: string;
  readonly notRun?: string;
}

const because = /^<!-- not run by the transcript: (.+) -->$/;

/**
 * The README's shell commands, in their order: the lines of its indented blocks, and `npm …` in running text. Before a
 * block that cannot be run there is a comment that says why.
 */
export async function commands(): Promise<Command[]> {
  const found: Command[] = [];
  let notRun: string | undefined;
  let fenced = false;
  for (const line of (await readme()).split('\n')) {
    if (line.startsWith('```')) fenced = !fenced;
    if (fenced) continue;
    notRun = because.exec(line)?.[1] ?? (line.startsWith('    ') || line === '' ? notRun : undefined);
    const texts = line.startsWith('    ')
      ? [line.replace(/ {2,}#.*$/, '').trim()]
      : [...line.matchAll(/`(npm [^`]+)`/g)].map(([, text = '']) => text);
    for (const text of texts) found.push({ line: text, ...(notRun === undefined ? {} : { notRun }) });
  }
  return found;
}
