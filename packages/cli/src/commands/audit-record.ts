import { type AuditRecord, apiName } from '@causeway/protocol';
import type { Context } from '../context.ts';
import { type Format, jsonLine, yamlText } from '../output/format.ts';
import { coloured, cut, painter, printableLine, type Style, terminalWidth } from '../output/terminal.ts';

const styles: Readonly<Record<AuditRecord['decision'], Style>> = {
  allowed: 'green',
  denied: 'red',
  limited: 'yellow',
  failed: 'yellow',
  reported: 'yellow',
};

/**
 * How a record is printed: as a line of JSON or a YAML document with all its fields and the gateway that wrote it
 * (`site` is that gateway's), or as one line for people.
 */
export function recordText(
  context: Pick<Context, 'stdout' | 'env'>,
  format: Format,
): (record: AuditRecord, gateway: string) => string {
  if (format === 'json') return (record, gateway) => jsonLine({ ...record, gateway });
  if (format === 'yaml') return (record, gateway) => `---\n${yamlText({ ...record, gateway })}`;
  // Whoever reads it by program gets whole lines, however wide a terminal is said to be.
  const width = context.stdout.isTTY ? terminalWidth(context.stdout, context.env) : undefined;
  const paint = painter(coloured(context.stdout, context.env));
  return (record) => {
    const line = cut(printableLine(recordLine(record, width !== undefined)), width);
    return `${line.replace(` ${record.code} `, ` ${paint(styles[record.decision], record.code)} `)}\n`;
  };
}

/** A record in one line; on a terminal the day and the tenant give room to the rest. */
export function recordLine(record: AuditRecord, short: boolean): string {
  const { from, to, site, code, policy, reason, count = 1 } = record;
  const at = new Date(record.at).toISOString();
  const time = short ? at.slice(11, 23) : at;
  const who = `${from.site}/${from.service} -> ${apiName(to.service, to.major)}.${to.endpoint}@${site}`;
  const times = count === 1 ? '' : ` x${count}`;
  const took = `${(record.durationMicros / 1_000).toFixed(1)}ms`;
  const why = reason ?? (policy === null ? '' : `by ${policy}`);
  return `${[time, ...(short ? [] : [record.tenant]), who, `${code}${times}`, took, why].join(' ').trimEnd()} `.trimEnd();
}
