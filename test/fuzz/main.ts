// `npm run fuzz -- --messages 1000000 --seed 1`: what test/fuzz/README.md says, printed as Markdown.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Command } from 'commander';
import { wholeNumber } from '../../bench/lib/whole-number.ts';
import { again, fuzzReport } from './lib/report.ts';
import { runFuzz } from './lib/run.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function run({ messages, seed, report: file }: { messages: number; seed: number; report?: string }) {
  const report = await runFuzz({ messages, seed, onProgress: say });
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'a processor'}, Node ${process.versions.node}`;
  const text = fuzzReport(report, machine);
  process.stdout.write(text);
  if (file !== undefined) writeFileSync(file, text);
  if (report.findings.length === 0) return;
  say(`fuzz: ${report.findings.length} findings; run it again with ${again(report)}`);
  process.exitCode = 1;
}

const program = new Command('fuzz')
  .description('Sends a real fabric what nobody should, and looks at what comes of it.')
  .option('--messages <n>', 'messages to send', wholeNumber(1, 100_000_000), 1_000_000)
  .option(
    '--seed <n>',
    'seed that all of it is made from',
    wholeNumber(0, 2 ** 31 - 1),
    Math.floor(Math.random() * 2 ** 31),
  )
  .option('--report <file>', 'write the report there, too')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  say(`fuzz: ${(error as Error).stack}`);
  process.exitCode = 1;
}
