import type { FuzzReport } from './run.ts';
import { ways } from './shots.ts';

/** How to run again what found something. */
export const again = ({ seed, messages }: { seed: number; messages: number }): string =>
  `npm run fuzz -- --messages ${messages} --seed ${seed}`;

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** The report as Markdown. */
export function fuzzReport(report: FuzzReport, machine: string): string {
  const { seed, messages, seconds, byWay, codes, memory, records, honestCalls, findings } = report;
  const way = Object.entries(byWay).map(([name, count]) => [name, ways[name as keyof typeof ways], count]);
  const inUse = Object.entries(memory)
    .filter(([, looks]) => looks[0]?.inUse !== undefined)
    .map(([name, looks]) => [name, ...looks.map((look) => look.inUse ?? 0)]);
  const resident = Object.entries(memory).map(([name, looks]) => [
    name,
    ...looks.map((look) => look.resident),
  ]);
  const parts = Object.values(memory)[0]?.length ?? 1;
  const head = Array.from({ length: parts }, (_, at) => `${Math.round((100 * (at + 1)) / parts)} %`);
  return `# Fuzzing

${messages} messages from seed ${seed} in ${seconds.toFixed(0)} s (${Math.round(messages / seconds)} a second) on ${machine}.
The same again: \`${again(report)}\`. What is sent, and what is looked at, is in \`test/fuzz/README.md\`.

## Findings

${findings.length === 0 ? 'None.' : findings.map((finding) => `- ${finding}`).join('\n')}

## Sent

${table(['way', 'what', 'messages'], way)}

## Answered

Each request that must be answered was, once, with a code of the error table; \`OK\` is what was done (or answered by the
service), \`nobody\` the broker's own word for a subject that nobody listens to.

${table(['code', 'answers'], Object.entries(codes))}

## Meanwhile

${honestCalls} calls of honest services of another tenant, none of which failed where no finding says so. Afterwards ${records.blocks} authentic
blocks, which stand for ${records.calls} calls; chains verified and counters compared with a recount.

Memory in use in MiB, after a collection, when so much was sent:

${table(['process', ...head], inUse)}

Resident memory in MiB:

${table(['process', ...head], resident)}
`;
}
