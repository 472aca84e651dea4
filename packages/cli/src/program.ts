import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { addApply } from './commands/apply.ts';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addBench } from './commands/bench.ts';
import { addCall } from './commands/call.ts';
import { addCompletion } from './commands/completion.ts';
import { addDelete } from './commands/delete.ts';
import { addDiscover } from './commands/discover.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDown } from './commands/down.ts';
import { addExplain } from './commands/explain.ts';
import { addFlow } from './commands/flow.ts';
import { addGet } from './commands/get.ts';
import { addInit } from './commands/init.ts';
import { addOperator } from './commands/operator.ts';
import { addRestore } from './commands/restore.ts';
import { addRevoke } from './commands/revoke.ts';
import { addRotate } from './commands/rotate.ts';
import { addRun } from './commands/run.ts';
import { addService } from './commands/service.ts';
import { addSite } from './commands/site.ts';
import { addStatus } from './commands/status.ts';
import { addTenantCommand } from './commands/tenant.ts';
import { addUp } from './commands/up.ts';
import type { Context } from './context.ts';
import { parsePath } from './input/names.ts';
import { helpText } from './output/help-text.ts';
import { coloured, printable, terminalWidth } from './output/terminal.ts';

const description = 'The service-access broker between cloud and edge, on NATS.';

const closing = `
Data goes to standard output, progress and failures to standard error.
Exit codes: 0 done, 1 refused or failed, 2 wrong usage.`;

function ownVersion(): string {
  const manifest = readFileSync(path.join(import.meta.dirname, '..', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The whole command line. `parseAsync` rejects where a command fails (see `explainFailure`). */
export function createProgram(context: Context): Command {
  const { stdout, stderr, env } = context;
  const program = new Command('causeway')
    .description(description)
    .version(ownVersion(), '--version', 'say which version this is')
    .helpOption('-h, --help', 'say how a command is used')
    .addOption(new Option('--dir <folder>', 'folder of the fabric').argParser(parsePath).default('.causeway'))
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 20,
      // Its own help has the rest; so there is room for what it is.
      subcommandTerm: (command) => command.name(),
    })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: (text, write) => write(printable(text.replace(/^error: /, 'causeway: '))),
      getOutHelpWidth: () => terminalWidth(stdout, env) ?? 100,
      getErrHelpWidth: () => terminalWidth(stderr, env) ?? 100,
      getOutHasColors: () => coloured(stdout, env),
      getErrHasColors: () => coloured(stderr, env),
    })
    .showSuggestionAfterError()
    .addHelpText('after', helpText(context, closing))
    .exitOverride();
  addUp(program, context);
  addDown(program, context);
  addRun(program, context);
  addInit(program, context);
  addStatus(program, context);
  addService(program, context);
  addTenantCommand(program, context);
  addSite(program, context);
  addRevoke(program, context);
  addRotate(program, context);
  addApply(program, context);
  addGet(program, context);
  addDelete(program, context);
  addCall(program, context);
  addDiscover(program, context);
  addExplain(program, context);
  addAudit(program, context);
  addFlow(program, context);
  addBackup(program, context);
  addRestore(program, context);
  addOperator(program, context);
  addBench(program, context);
  addDoctor(program, context);
  addCompletion(program, context);
  return program;
}
