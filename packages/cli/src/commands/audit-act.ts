import { type AdminRecord, changedFields } from '@causeway/protocol';
import type { Context } from '../context.ts';
import { type Format, jsonLine, yamlText } from '../output/format.ts';
import { coloured, cut, painter, printableLine, terminalWidth } from '../output/terminal.ts';

/** How the record of an administrator's act is printed, as `recordText` prints those of calls. */
export function actText(
  context: Pick<Context, 'stdout' | 'env'>,
  format: Format,
): (record: AdminRecord, gateway: string) => string {
  if (format === 'json') return (record, gateway) => jsonLine({ ...record, gateway });
  if (format === 'yaml') return (record, gateway) => `---\n${yamlText({ ...record, gateway })}`;
  const width = context.stdout.isTTY ? terminalWidth(context.stdout, context.env) : undefined;
  const paint = painter(coloured(context.stdout, context.env));
  return (record) => {
    const line = cut(printableLine(actLine(record)), width);
    const code = record.refused?.code;
    return `${code === undefined ? line : line.replace(` ${code}`, ` ${paint('red', code)}`)}\n`;
  };
}

/** An act in one line: when, who, what, and what became other. */
export function actLine(record: AdminRecord): string {
  const { at, admin, scope = record.tenant, op, key, revision, before, after, refused } = record;
  const head = [new Date(at).toISOString(), record.tenant, `${admin}@${scope}`, op, key];
  if (refused) {
    const times = refused.count === undefined ? '' : ` x${refused.count}`;
    return [...head, `${refused.code}${times}`, refused.reason].filter(Boolean).join(' ');
  }
  const fields = changedFields(before, after).map(({ pointer }) => pointer);
  const what = before === null ? 'created' : after === null ? 'deleted' : `changed ${fields.join(' ')}`;
  return [...head, `r${revision}`, what].join(' ').trimEnd();
}
