import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { addService as addIdentity } from '@causeway/fabric';
import { isPublicKey, writeJwt } from '@causeway/identity';
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { collectPairs, parsePath, parseServiceName, type ServiceName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { addServiceLabel } from './service-label.ts';

interface AddOptions extends GlobalOptions {
  readonly label?: Readonly<Record<string, string>>;
  readonly out: string;
  readonly nkey?: string;
  readonly force?: true;
  readonly output: Format;
}

const help = `
Examples:
  causeway service add acme/edge-a/quotes --out quotes.creds
  causeway service add acme/edge-b/desk --label team=trading --out desk.creds
  causeway service add acme/edge-b/desk --nkey UDXU4RCS… --out desk.jwt

The key is made here and stays here: only its public half is signed. With --nkey a key that was made elsewhere is
signed, and the file holds its JWT alone.`;

/** `causeway service` */
export function addService(program: Command, context: Context): void {
  const service = program.command('service').description('identities of services');
  service
    .command('add')
    .description('make an identity, or further credentials for one')
    .addArgument(new Argument('<tenant/site/name>', 'who it is').argParser(parseServiceName))
    .requiredOption('--out <file>', 'where the credentials go (mode 0600)', parsePath)
    .option('--label <key=value>', 'a label (repeatable)', collectPairs)
    .option('--nkey <public>', 'sign this public key (U…) instead of making one', parseKey)
    .option('--force', 'replace the file where there is one')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: ServiceName, _options, command: Command) =>
      add(context, name, command.optsWithGlobals<AddOptions>()),
    );
  addServiceLabel(service, context);
}

function parseKey(text: string): string {
  if (!isPublicKey('user', text)) throw new InvalidArgumentError('Expected the public key of a user (U…).');
  return text;
}

/** Before anything is signed: credentials that cannot be written would count as a key of the service all the same. */
async function requirePlace(out: string, replace: boolean): Promise<void> {
  const standing = await stat(out).catch(() => undefined);
  if (standing?.isDirectory()) throw new CommandFailure(`${out} is a folder; name a file in it with --out`);
  if (standing && !replace) {
    throw new CommandFailure(`${out} is there already; choose another --out, or replace it with --force`);
  }
  const folder = path.dirname(out);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rmdir(await mkdtemp(path.join(folder, '.causeway-')));
}

async function add(context: Context, name: ServiceName, options: AddOptions): Promise<void> {
  const out = path.resolve(options.out);
  await requirePlace(out, options.force === true);
  const labels = options.label === undefined ? {} : { labels: options.label };
  const key = await askAdmin(context, options, async (admin) => {
    if (options.nkey === undefined) {
      return (await addIdentity(admin, { ...name, ...labels, out }, context.random)).key;
    }
    const { jwt } = await admin.issue({ ...name, ...labels, key: options.nkey });
    await writeJwt(out, `${jwt}\n`);
    return options.nkey;
  });
  const identity = `${name.tenant}/${name.site}/${name.service}`;
  print(
    context,
    options.output,
    { ...name, key, out },
    () => `${identity} is ${key}; ${out} holds its ${options.nkey === undefined ? 'credentials' : 'JWT'}\n`,
  );
}
