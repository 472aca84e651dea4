// `npm run faults`: the scenarios of the fault tests in full, beside plain NATS, printed as Markdown.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { findNatsServer } from '@causeway/nats-server';
import { Command, InvalidArgumentError } from 'commander';
import { describeMachine } from '../../bench/lib/machine.ts';
import { type AnyScenario, type Opened, scenarios } from './scenarios/index.ts';
import { faultReport, missed, type ScenarioResult } from './support/report.ts';
import { type Finding, full, type Scale, short } from './support/scenario.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const names = scenarios.map(({ name }) => name);
/** How often it is said that a step still runs. */
const tickMs = 15_000;
let open: Opened | undefined;

/** Runs a step; one that breaks off is a goal that was not held, and the others go on. */
async function runStep(of: string, { name, run }: Opened['steps'][number]): Promise<Finding[]> {
  const begun = performance.now();
  const seconds = () => Math.round((performance.now() - begun) / 1_000);
  say(`${of}: ${name}`);
  const ticks = setInterval(() => say(`${of}: … ${seconds()} s`), tickMs);
  try {
    const findings = await run((line) => say(`${of}:   ${line}`));
    for (const { what, goal, measured, plain, held } of findings) {
      const beside = plain === undefined ? '' : `, plain NATS ${plain}`;
      say(`${of}:   ${held ? 'held  ' : 'MISSED'} ${what}: ${measured} (goal: ${goal}${beside})`);
    }
    return findings;
  } catch (error) {
    say(`${of}:   ${(error as Error).stack}`);
    return [{ what: name, goal: 'runs to its end', measured: (error as Error).message, held: false }];
  } finally {
    clearInterval(ticks);
    say(`${of}:   ${seconds()} s`);
  }
}

async function runScenario(scenario: AnyScenario, scale: Scale): Promise<ScenarioResult> {
  const begun = performance.now();
  say(`${scenario.name}: starting`);
  open = await scenario.open(scale);
  const findings: Finding[] = [];
  try {
    for (const step of open.steps) findings.push(...(await runStep(scenario.name, step)));
  } finally {
    await open[Symbol.asyncDispose]();
    open = undefined;
  }
  return { scenario, findings, seconds: (performance.now() - begun) / 1_000 };
}

interface Options {
  readonly only?: readonly string[];
  readonly short: boolean;
  readonly report?: string;
}

async function run({ only, short: shortened, report: file }: Options): Promise<void> {
  const scale = shortened ? short : full;
  const server = await findNatsServer({ onProgress: say });
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    if (only === undefined || only.includes(scenario.name)) results.push(await runScenario(scenario, scale));
  }
  const { at, cpus, model, system, node } = describeMachine(server.version);
  const client = createRequire(import.meta.url)('nats/package.json') as { version: string };
  const text = faultReport({
    at,
    scale,
    machine: `${cpus} × ${model}, ${system}`,
    versions: `Node ${node}, nats-server ${server.version}, NATS client ${client.version}`,
    command: ['npm run faults', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(
      ' ',
    ),
    results,
  });
  process.stdout.write(text);
  if (file !== undefined) writeFileSync(file, text);
  if (missed(results).length > 0) process.exitCode = 1;
}

function scenarioName(name: string, before: readonly string[] = []): readonly string[] {
  if (names.includes(name)) return [...before, name];
  throw new InvalidArgumentError(`there is no scenario ${name}; they are ${names.join(', ')}`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    say(`${signal}: stopping and cleaning up`);
    void Promise.resolve(open?.[Symbol.asyncDispose]()).finally(() => process.exit(1));
  });
}

const program = new Command('faults')
  .description(
    'Kills, stalls and cuts parts of a fabric under load, and holds what comes of it against the goals.',
  )
  .option('--only <scenario>', `one scenario (may be repeated): ${names.join(', ')}`, scenarioName)
  .option('--short', 'short faults, as in npm test', false)
  .option('--report <file>', 'write the report there, too')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  say(`faults: ${(error as Error).stack}`);
  process.exitCode = 1;
}
