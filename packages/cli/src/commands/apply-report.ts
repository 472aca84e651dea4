import type { ApplyReply } from '@causeway/protocol';
import type { Context } from '../context.ts';
import type { SourceDocument } from '../input/parse-documents.ts';
import { tableFor } from '../output/format.ts';
import { printable } from '../output/terminal.ts';

/** A change with the place it was written at; one that is pruned has none. */
export type PlacedChange = ApplyReply['changes'][number] & {
  readonly file: string;
  readonly document: number;
};

/** Where each change comes from. */
export function placeChanges(
  changes: ApplyReply['changes'],
  sources: readonly SourceDocument[],
  set: string | undefined,
): PlacedChange[] {
  return changes.map((change, index) => {
    const source = change.change === 'deleted' ? undefined : sources[index];
    return { ...change, file: source?.file ?? `set ${set}`, document: source?.number ?? 0 };
  });
}

/** The changes as a table. */
export function changesTable(context: Context, changes: readonly PlacedChange[]): string {
  return tableFor(
    context,
    [
      { title: 'CHANGE', value: (row) => row.change },
      { title: 'KIND', value: (row) => row.kind },
      { title: 'TENANT', value: (row) => row.tenant },
      { title: 'NAME', value: (row) => row.name },
      { title: 'FROM', value: (row) => (row.document === 0 ? row.file : `${row.file}#${row.document}`) },
    ],
    changes,
  );
}

/** Lines for people: what is other in each document that is changed. */
export function changedLines(changes: readonly PlacedChange[]): string[] {
  return changes.flatMap(({ name, differences = [], fields = [] }) => [
    ...differences.map(({ pointer, what }) => `${name}${printable(`${pointer} ${what}`)}`),
    ...fields.map(({ pointer, before, after }) => {
      const was = before === undefined ? 'was not there' : `was ${before}`;
      const is = after === undefined ? 'and is gone' : `is ${after}`;
      return `${name}${printable(`${pointer} ${was}, ${is}`)}`;
    }),
  ]);
}

type Access = NonNullable<ApplyReply['access']>;

/** Who gains and loses what, in one line; nothing where nobody does and nobody asked. */
export function accessLines({ gained, lost, changed, unchecked }: Access, asked: boolean): string[] {
  const more = unchecked ? '; there are more calls than can be compared' : '';
  if (gained + lost + changed > 0)
    return [`access: ${gained} gained, ${lost} lost, ${changed} on other terms${more}`];
  return asked || unchecked ? [`access: nobody gains or loses any${more}`] : [];
}

/** The same call by call; empty where there is none. */
export function accessTable(context: Context, { entries, omitted }: Access): string {
  if (entries.length === 0) return '';
  const table = tableFor(
    context,
    [
      { title: 'ACCESS', value: (row) => row.change },
      { title: 'TENANT', value: (row) => row.tenant },
      { title: 'CALLER', value: (row) => row.from },
      { title: 'OF', value: (row) => `${row.api}.${row.endpoint}` },
      { title: 'AT', value: (row) => row.site },
      { title: 'BY', value: (row) => row.policy ?? 'no policy' },
      { title: 'TERMS', value: (row) => terms(row) },
    ],
    entries,
  );
  return `\n${table}${omitted === 0 ? '' : `and ${omitted} more\n`}`;
}

/** Of what is allowed before and after: the parts of its terms that differ. */
function terms({ before, after }: Access['entries'][number]): string | undefined {
  if (before === undefined || after === undefined) return undefined;
  const [old, now] = [before, after].map((text) => JSON.parse(text) as Record<string, unknown>);
  const names = Object.keys({ ...old, ...now });
  const differing = names.filter((name) => JSON.stringify(old?.[name]) !== JSON.stringify(now?.[name]));
  return differing
    .map((name) => `${name} ${JSON.stringify(old?.[name])} -> ${JSON.stringify(now?.[name])}`)
    .join(', ');
}
