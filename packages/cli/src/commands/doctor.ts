import type { Command } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { type Finding, fail } from '../doctor/check.ts';
import { checkCertificates, checkDisk, checkPermissions, checkState } from '../doctor/folder.ts';
import { checkClocks, checkFabric, checkPorts } from '../doctor/network.ts';
import { checkDocker, checkNatsServer, checkNode } from '../doctor/programs.ts';
import { CommandFailure } from '../failure.ts';
import { count } from '../input/count.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { coloured, painter, printable, type Style } from '../output/terminal.ts';
import { whileWaiting } from '../output/waiting.ts';

interface DoctorOptions extends GlobalOptions {
  readonly output: Format;
}

const checks = [
  ...[checkNode, checkNatsServer, checkDocker],
  ...[checkState, checkPermissions, checkCertificates, checkDisk],
  ...[checkPorts, checkClocks, checkFabric],
];

const styles: Readonly<Record<Finding['state'], Style>> = { ok: 'green', warn: 'yellow', fail: 'red' };

const help = `
Examples:
  causeway doctor
  causeway doctor --dir /var/lib/causeway -o json

Looks at this machine and at the fabric in --dir, and changes nothing. Each line is ok, warn or fail, and what is not ok
says what to do. The exit code is 1 where anything fails.`;

/** `causeway doctor` */
export function addDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description('check this machine and the fabric’s folder, and say what to do')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => doctor(context, command.optsWithGlobals<DoctorOptions>()));
}

async function doctor(context: Context, { dir, output }: DoctorOptions): Promise<void> {
  const found = await whileWaiting(context, 'looking around', () =>
    Promise.all(checks.map((check) => check(context, dir).catch(unmade))),
  );
  const findings = distinct(found.flat());
  const failed = findings.filter(({ state }) => state === 'fail').length;
  print(context, output, { ok: failed === 0, findings }, () => {
    const paint = painter(coloured(context.stdout, context.env));
    return findings.map((finding) => line(finding, paint)).join('');
  });
  if (failed > 0) throw new CommandFailure(`${count(failed, 'check')} failed`);
}

/** What keeps a check from being made is a finding itself; several may say the same. */
function unmade(error: unknown): Finding[] {
  if (!(error instanceof Error)) throw error;
  return [fail('fabric', error.message, 'mend that first, and ask again')];
}

function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [finding.found, finding])).values()];
}

/** Advice has a line of its own: it is there to be read, and often to be copied. */
function line({ state, check, found, advice }: Finding, paint: ReturnType<typeof painter>): string {
  const head = `${paint(styles[state], state.padEnd(4))} ${check.padEnd(11)} ${printable(found)}\n`;
  return advice === undefined ? head : `${head}${' '.repeat(17)}${printable(advice)}\n`;
}
