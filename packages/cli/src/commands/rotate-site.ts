import type { AdminClient } from '@causeway/fabric';
import type { Command } from 'commander';
import { withAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { parseDuration } from '../input/duration.ts';
import { parseName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { whileWaiting } from '../output/waiting.ts';

interface RotateOptions extends GlobalOptions {
  readonly wait: number;
  readonly output: Format;
}

type Role = 'gateway' | 'leaf';

const what: Readonly<Record<Role, string>> = {
  gateway: 'the keys of a site’s gateway, with that which signs its records',
  leaf: 'the keys of a site’s links to the hub',
};

const help: Readonly<Record<Role, string>> = {
  gateway: `
Examples:
  causeway rotate gateway edge-a
  causeway rotate gateway cloud --wait 1m

The site's gateway makes the keys where they are used, and tells their public halves. It moves to connections with the new
ones before it closes the old, so that no call fails; then the keys before are void. Records go on to verify.`,
  leaf: `
Examples:
  causeway rotate leaf edge-a

The site's gateway makes the keys where they are used, and tells their public halves. When its server has them in place the
keys before are void: each link comes back with the new ones within a moment, in which calls across it are told UNREACHABLE
(callers with retry do not notice).`,
};

const pollMs = 100;

/** `causeway rotate gateway` and `causeway rotate leaf` */
export function addRotateSite(rotate: Command, context: Context, role: Role): void {
  rotate
    .command(role)
    .description(`replace ${what[role]}`)
    .argument('<site>', 'which site', parseName)
    .option('--wait <time>', 'how long to wait until the site has done it', parseDuration, 30_000)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help[role]))
    .action((site: string, _options, command: Command) =>
      run(context, site, role, command.optsWithGlobals<RotateOptions>()),
    );
}

async function isDone(admin: AdminClient, site: string, role: Role): Promise<boolean> {
  const { items } = await admin.get('sites', site);
  return !items.some(({ rotating }) => (rotating as string[] | undefined)?.includes(role));
}

async function run(context: Context, site: string, role: Role, options: RotateOptions): Promise<void> {
  const { clock } = context;
  const done = await withAdmin(context, options, (admin) =>
    whileWaiting(context, `waiting for ${site} to replace its keys`, async () => {
      await admin.rotateSite(site, role);
      const end = clock.monotonic() + options.wait;
      for (;;) {
        if (await isDone(admin, site, role)) return true;
        if (clock.monotonic() > end) return false;
        await new Promise<void>((resolve) => clock.after(pollMs, resolve));
      }
    }),
  );
  print(context, options.output, { site, role, done }, () =>
    done
      ? `site ${site} uses new keys (${role}); those before are void\n`
      : `site ${site} has not said yet that it uses new keys (${role}); it goes on by itself, causeway get sites says when\n`,
  );
}
