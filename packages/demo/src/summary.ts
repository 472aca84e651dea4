import type { Audit } from './observer.ts';
import type { Balance } from './scenario/ledger.ts';
import { fit, type Paint, width, wrap } from './screen/text.ts';

/** All that the end of the demonstration tells. */
export interface Findings {
  readonly outcomes: ReadonlyMap<string, number>;
  readonly balance: Balance;
  /** Absent where the streams were not looked through. */
  readonly audit?: Audit;
  readonly surprises: readonly string[];
  readonly damaged: number;
}

interface Check {
  readonly holds: boolean;
  readonly text: string;
  /** What is wrong, where it does not hold. */
  readonly faults: readonly string[];
}

/** True where everything is as it must be, and everything was looked at. */
export function allHolds(findings: Findings): boolean {
  return findings.audit !== undefined && checksOf(findings).every(({ holds }) => holds);
}

/** The summary, at most 80 columns wide. */
export function summaryLines(findings: Findings, paint: Paint): string[] {
  const { outcomes } = findings;
  const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  const counted = [...outcomes].sort(([, a], [, b]) => b - a).map(([code, count]) => `${count} ${code}`);
  return [
    '',
    paint('strong', 'SUMMARY'),
    ...item(fit('calls', 6), `${total}: ${counted.join(', ')}`),
    ...checksOf(findings).flatMap(({ holds, text, faults }) => [
      ...item(paint(holds ? 'good' : 'bad', fit(holds ? 'yes' : 'NO', 6)), text),
      ...faults.flatMap((fault) => item(' '.repeat(6), fault)),
    ]),
  ];
}

function item(head: string, text: string): string[] {
  return wrap(text, width - 6).map((line, index) => (index === 0 ? head : ' '.repeat(6)) + line);
}

function checksOf({ balance, audit, surprises, damaged }: Findings): Check[] {
  const { replies, matched, surplus, unanswered } = balance;
  const recorded = 'every reply that a gateway sent has exactly one record of the same outcome';
  const checks: Check[] = [
    {
      holds: matched === replies && surplus === 0 && replies > 0,
      text: `${recorded}: ${matched} of ${replies}`,
      faults: surplus > 0 ? [`${surplus} records of calls that got no such reply`] : [],
    },
    {
      holds: surprises.length === 0 && unanswered === 0,
      text: 'every call ended as the scenario says',
      faults: [...surprises, ...(unanswered > 0 ? [`${unanswered} calls got no reply from a gateway`] : [])],
    },
  ];
  if (audit) checks.push(...auditChecks(audit, damaged));
  return checks;
}

function auditChecks(audit: Audit, damaged: number): Check[] {
  const { counters, countedCalls, records, differences, chains, blocks, problems } = audit;
  const equal = differences.length === 0 && countedCalls === records && counters > 0;
  const sound = problems.length === 0 && damaged === 0 && chains > 0;
  return [
    {
      holds: equal,
      text: `counters = recount: ${equal ? 'yes' : 'no'} (${counters} counters, ${countedCalls} of ${records} recorded calls)`,
      faults: differences.slice(0, 10),
    },
    {
      holds: sound,
      text: `chains verified: ${sound ? 'yes' : 'no'} (${chains} chains, ${blocks} signed blocks)`,
      faults: [...problems.slice(0, 10), ...(damaged > 0 ? [`${damaged} blocks could not be read`] : [])],
    },
  ];
}
