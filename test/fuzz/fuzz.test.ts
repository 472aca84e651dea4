import { expect, it } from 'vitest';
import { again } from './lib/report.ts';
import { runFuzz } from './lib/run.ts';

/** The same each time, so that a change that breaks something is told from a seed that finds something. */
const seed = Number(process.env.CAUSEWAY_FUZZ_SEED ?? 20_260_401);
const messages = Number(process.env.CAUSEWAY_FUZZ_MESSAGES ?? 20_000);

it('fuzz - nothing that is sent ends a process, gets out, goes unanswered or disturbs others', async () => {
  process.stdout.write(`fuzz: ${again({ seed, messages })}\n`);
  const report = await runFuzz({ messages, seed });
  process.stdout.write(`fuzz: ${report.messages} messages in ${report.seconds.toFixed(1)} s\n`);
  expect(report.findings, `found by ${again({ seed, messages })}`).toEqual([]);
  expect(Object.keys(report.codes)).toContain('OK');
});
