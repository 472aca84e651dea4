/** A command of the transcript, with what it wrote; or why it was not run. */
export type Entry =
  | { readonly line: string; readonly output: string }
  | { readonly line: string; readonly notRun: string };

const introduction = `# A newcomer’s first commands

The commands of the [README](../README.md), taken from it, one after the other in a fresh clone and an empty home folder,
and what they write. \`test/examples/transcript.test.ts\` runs them and compares; \`npm test -- transcript -u\` writes this
file anew. Every command ended with exit code 0. \`hello.ts\` and \`ada-greets.yaml\` are the README’s, word for word.

What differs from run to run stands for itself: N a number, TIME a time, KEY a public key; columns are as wide as they need
to be. Left out are what is said of progress, and where there is “[…]” what comes as it comes: calls, counters, records. The
packages were installed already, for a test does without a network.
`;

/** Where only some lines are the same each time: of which command, and whether a line is of them. */
const excerpts: readonly { command: RegExp; from?: RegExp; keep?: RegExp; until?: RegExp }[] = [
  { command: /^npm start/, until: /^starting services/, from: /^SUMMARY/ },
  { command: /audit tail/, keep: /hello\.v1\.greet/ },
];

/** Commands whose output has numbers that differ. */
const unsteady = /^npm start|causeway (?:up|down|status|audit)/;

/** The transcript as Markdown, without what differs from run to run; \`clone\` is where it was made. */
export function transcriptOf(entries: readonly Entry[], clone: string): string {
  const parts = entries.map((entry) =>
    'notRun' in entry
      ? `Not run: ${entry.notRun}.\n\n    $ ${entry.line}\n`
      : `\`\`\`console\n$ ${entry.line}\n${shown(entry, clone)}\`\`\`\n`,
  );
  return [introduction, ...parts].join('\n');
}

function shown({ line, output }: { line: string; output: string }, clone: string): string {
  const said = output
    .split('\n')
    // npm's own, and progress.
    .filter((text) => !/^(?:> |causeway: (?!the fabric in ))/.test(text))
    .map((text) => steady(text.replaceAll(clone, '~/causeway'), unsteady.test(line)));
  const text = excerpt(line, said)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return text === '' ? '' : `${text}\n`;
}

function excerpt(line: string, lines: readonly string[]): readonly string[] {
  const rule = excerpts.find(({ command }) => command.test(line));
  if (!rule) return lines;
  if (rule.keep) return ['[…]', ...lines.filter((text) => rule.keep?.test(text))];
  const head = lines.findIndex((text) => rule.until?.test(text)) + 1;
  const tail = lines.findIndex((text) => rule.from?.test(text));
  return [...lines.slice(0, head), '[…]', ...(tail < 0 ? [] : lines.slice(tail))];
}

/** A line without what differs; numbers too where they do. */
function steady(line: string, numbers: boolean): string {
  const named = line
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\b[A-Z][A-Z2-7]{55}\b/g, 'KEY')
    .replace(/ {2,}/g, '  ')
    .trimEnd();
  if (!numbers) return named;
  return (
    named
      // Not those within a name: gw-1, hello.v1.greet; and that nothing differs shall show.
      .replace(/(?<![\w.-])\d[\d.,:]*(?<![.,:])(?! differences)/g, 'N')
      // A site that has sent nothing lags by no number.
      .replace(/(?<= {2})-(?= {2})/g, 'N')
  );
}
