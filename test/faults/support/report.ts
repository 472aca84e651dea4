import type { AnyScenario } from '../scenarios/index.ts';
import type { Finding, Scale } from './scenario.ts';

/** What came of one scenario. */
export interface ScenarioResult {
  readonly scenario: Pick<AnyScenario, 'name' | 'title' | 'about'>;
  readonly seconds: number;
  readonly findings: readonly Finding[];
}

/** A whole run, and what it ran on. */
export interface FaultReport {
  /** ISO 8601. */
  readonly at: string;
  readonly scale: Scale;
  readonly machine: string;
  readonly versions: string;
  readonly command: string;
  readonly results: readonly ScenarioResult[];
}

/** Goals that were not held. */
export function missed(results: readonly ScenarioResult[]): readonly Finding[] {
  return results.flatMap(({ findings }) => findings.filter(({ held }) => !held));
}

/** The report as Markdown. */
export function faultReport(report: FaultReport): string {
  const { at, scale, machine, versions, command, results } = report;
  const all = results.flatMap(({ findings }) => findings);
  const failed = missed(results).length;
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  return `# Faults

What becomes of calls and records when parts die, links stand still or are cut, on a whole fabric of real processes; beside
it plain NATS, with the defaults of its server and client, in the same run on the same machine.

${at.slice(0, 10)}, ${machine}. ${versions}.
\`${command}\` (scale ${scale.name}, ${Math.round(seconds)} s) repeats it; \`npm test\` runs the same scenarios with short faults.

**${failed === 0 ? `All ${all.length} goals were held.` : `${failed} of ${all.length} goals were missed.`}**
${results.map(section).join('')}`;
}

function section({ scenario, findings }: ScenarioResult): string {
  const rows = findings.map(({ what, goal, measured, plain, held }) => [
    what,
    goal,
    measured,
    plain ?? '',
    held ? 'yes' : '**no**',
  ]);
  const head = ['what', 'goal', 'measured', 'plain NATS', 'held'];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`);
  return `
## ${scenario.title}

${scenario.about}

${table.join('\n')}
`;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
