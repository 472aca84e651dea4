import { apiName, CausewayError } from '@causeway/protocol';
import { Argument, type Command, Option } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure, UsageError } from '../failure.ts';
import { parseDuration } from '../input/duration.ts';
import { parseName, parsePath, parseTarget } from '../input/names.ts';
import { readAll } from '../input/read-documents.ts';
import { type Format, jsonLine, jsonText, outputOption, yamlText } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { whileWaiting } from '../output/waiting.ts';
import { connectAs } from '../service.ts';

interface CallOptions extends GlobalOptions {
  readonly as: string;
  readonly site?: string;
  readonly timeout: number;
  readonly output: Format;
}

type Target = ReturnType<typeof parseTarget>;

const help = `
Examples:
  causeway call quotes.v1.latest '{"symbol":"IBM"}' --as desk.creds
  causeway call quotes.v1.latest '{"symbol":"IBM"}' --as desk.creds --site edge-a --timeout 500ms
  echo '{"symbol":"IBM"}' | causeway call quotes.v1.latest - --as desk.creds

The reply is one line of JSON on standard output. A refusal is one on standard error,
{"code","number","reason","retryAfter"?,"pointer"?}, and the exit code is 1. A reply of a deprecated API has a note of
that on standard error.`;

/** `causeway call` */
export function addCall(program: Command, context: Context): void {
  program
    .command('call')
    .description('call an endpoint as a service')
    .addArgument(new Argument('<service.vmajor.endpoint>', 'what to call').argParser(parseTarget))
    .argument('[json]', 'the request; - reads it from standard input', '{}')
    .requiredOption('--as <file>', 'credentials of the service that calls', parsePath)
    .option('--site <name>', 'the site to call; any that serves the API where left out', parseName)
    .addOption(
      new Option('--timeout <time>', 'how long to wait for the reply')
        .argParser(parseDuration)
        .default(2_000, '2s'),
    )
    .addOption(outputOption().default('json'))
    .addHelpText('after', helpText(context, help))
    .action((target: Target, json: string, _options, command: Command) =>
      call(context, target, json, command.optsWithGlobals<CallOptions>()),
    );
}

async function call(context: Context, target: Target, json: string, options: CallOptions): Promise<void> {
  if (options.site !== undefined && target.site !== undefined && options.site !== target.site) {
    throw new UsageError(`the target says @${target.site}, but --site says ${options.site}`);
  }
  const site = options.site ?? target.site;
  const input = json === '-' ? await readInput(context) : parseInput(json);
  let reply: unknown;
  let since: number | undefined;
  try {
    const service = await connectAs(context, options.dir, options.as, 'silent');
    try {
      const onDeprecated = (told: { since: number }) => {
        since = told.since;
      };
      const asked = () =>
        service.call({ ...target, site }, input, { timeout: options.timeout, onDeprecated });
      // For programs, standard error has the refusal and nothing else.
      reply = await (context.stderr.isTTY ? whileWaiting(context, 'waiting for the reply', asked) : asked());
    } finally {
      // Not just closed: a call that reached nobody is still to be reported, for the record.
      await service.drain();
    }
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error;
    throw new CommandFailure(jsonText(error), { bare: true, cause: error });
  }
  if (since !== undefined) {
    const day = new Date(since).toISOString().slice(0, 10);
    context.stderr.write(`causeway: ${apiName(target.service, target.major)} is deprecated from ${day} on\n`);
  }
  const value = reply === undefined ? null : reply;
  context.stdout.write(options.output === 'yaml' ? yamlText(value) : jsonLine(value));
}

/** As much as any endpoint takes, and room to be told by how much it is too large. */
const mostInput = 4_000_000;

async function readInput({ stdin }: Context): Promise<unknown> {
  const bytes = await readAll(stdin, mostInput);
  if (bytes) return parseInput(bytes.toString('utf8'));
  throw new UsageError(`the request has more than ${mostInput} bytes; no endpoint takes more than 1000000`);
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`the request is not JSON: ${(error as Error).message}`);
  }
}
