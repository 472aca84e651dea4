import type { FabricSummary } from '@causeway/fabric';
import type { Context } from '../context.ts';
import { type Format, jsonLine, tableFor, yamlText } from '../output/format.ts';

/** Prints what came up: as JSON exactly one line, which scripts wait for. */
export function printSummary(context: Context, format: Format, summary: FabricSummary): void {
  const { stdout } = context;
  if (format === 'json') {
    stdout.write(jsonLine(summary));
    return;
  }
  if (format === 'yaml') {
    stdout.write(yamlText(summary));
    return;
  }
  const sites = tableFor(
    context,
    [
      { title: 'SITE', value: (row) => row.name },
      { title: 'URL', value: (row) => row.url },
      { title: 'MONITOR', value: (row) => row.monitor },
      { title: 'SERVER', value: (row) => row.server },
      { title: 'GATEWAY', value: (row) => row.gateway },
    ],
    summary.sites,
  );
  stdout.write(
    `${summary.dir} is up as process ${summary.pid}` +
      `${summary.registry === null ? '' : `, registry ${summary.registry}`}; ` +
      `tenants: ${summary.tenants.join(', ')}\nCA of its certificates: ${summary.ca}\n\n${sites}`,
  );
}
