import type { Command } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { standingText } from '../in-force/text.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { whileWaiting } from '../output/waiting.ts';
import { type FabricStatus, gatherStatus, type Memory } from '../status/gather.ts';

interface StatusOptions extends GlobalOptions {
  readonly output: Format;
}

const help = `
Examples:
  causeway status
  causeway status -o json

The exit code is 1 where the fabric is not healthy; standard error then says what is wrong.`;

/** `causeway status` */
export function addStatus(program: Command, context: Context): void {
  program
    .command('status')
    .description('show servers, links, gateways, receipts, memory and the lag of records')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action(async (_options, command: Command) => {
      const { dir, output } = command.optsWithGlobals<StatusOptions>();
      const status = await whileWaiting(context, 'waiting for the registry', () =>
        gatherStatus(context, dir),
      );
      print(context, output, status, () => text(context, status));
      if (!status.healthy) throw new CommandFailure(`not healthy: ${status.ailments.join('; ')}`);
    });
}

function text(context: Context, status: FabricStatus): string {
  const { gateways, servers, records, links } = status;
  const holder = status.pid === null ? 'not up here' : `up as process ${status.pid}`;
  const head = `${status.dir}: ${holder}, ${status.healthy ? 'healthy' : 'not healthy'}`;
  const missing = status.inForce.sites.filter(({ state }) => state !== 'in-force');
  const receipts = status.joined
    ? `joined the fabric of ${status.joined.join(', ')}; causeway status there shows the rest`
    : status.registry.alive
      ? [
          `registry: revision ${status.revision}, in force at ${status.inForce.have}/${status.inForce.of} sites`,
          ...missing.map((each) => `  ${standingText(each)}`),
        ].join('\n')
      : 'registry: does not answer';
  const memory = [
    ...(status.memory ? [`up ${megabytes(status.memory)}`] : []),
    ...(status.registry.memory ? [`registry ${megabytes(status.registry.memory)}`] : []),
  ].join(', ');
  const tables = [
    tableFor(
      context,
      [
        { title: 'SERVER', value: (row) => row.site },
        { title: 'STATE', value: (row) => (row.alive ? 'up' : 'no answer') },
        { title: 'PID', value: (row) => row.pid },
        { title: 'URL', value: (row) => row.url },
        { title: 'VERSION', value: (row) => row.version },
        { title: 'MEMORY', value: (row) => megabytes(row.memory) },
        { title: 'CLIENTS', value: (row) => row.connections },
        {
          title: 'LINKS',
          value: (row) =>
            status.joined
              ? row.leafs
              : links
                  .filter(({ site }) => site === row.site)
                  .map(({ account }) => account)
                  .sort()
                  .join(', '),
        },
      ],
      servers,
    ),
  ];
  if (gateways.length > 0) {
    const lagOf = (site: string) => records.find((each) => each.site === site);
    tables.push(
      tableFor(
        context,
        [
          { title: 'GATEWAY', value: (row) => `${row.site}/${row.name}` },
          { title: 'STATE', value: (row) => (row.revoked ? 'revoked' : row.alive ? 'up' : 'not heard of') },
          { title: 'PID', value: (row) => row.pid },
          { title: 'MEMORY', value: (row) => megabytes(row.memory) },
          { title: 'RECEIPT', value: (row) => `${row.revision ?? '-'}/${row.wanted}` },
          { title: 'INSTANCES', value: (row) => row.instances },
          { title: 'RECORD LAG', value: (row) => lagOf(row.site)?.lag },
          { title: 'COUNTER LAG', value: (row) => lagOf(row.site)?.flowLag },
          { title: 'REFUSED', value: (row) => lagOf(row.site)?.refused },
        ],
        gateways,
      ),
    );
  }
  return `${head}\n${receipts}\n${memory ? `memory: ${memory}\n` : ''}\n${tables.join('\n')}`;
}

/** A figure this old is not what the process has now: gateways tell theirs every 2 s, servers are asked every 10 s. */
const oldMs = 20_000;

/** Resident memory for people, with its age where it is old. */
function megabytes(memory: Memory | null): string | null {
  if (memory === null) return null;
  const age = memory.age > oldMs ? ` (${Math.round(memory.age / 1_000)} s ago)` : '';
  return `${Math.round(memory.rss / 1e6)} MB${age}`;
}
