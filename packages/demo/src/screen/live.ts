import type { AuditRecord } from '@causeway/protocol';
import { createLogUpdate } from 'log-update';
import { callLines, counterLine, recordLines, siteLines } from './format.ts';
import type { Screen, ShownCall, ShownCounter, ShownSite } from './screen.ts';
import { fit, type Paint, width, wrap } from './text.ts';

/** Rows that a terminal is taken to have where it does not say. */
const usualRows = 40;
/** Newest calls and records that are kept, whatever the height. */
const kept = 60;

/** What the live screen shows at one moment. */
export interface Frame {
  readonly title: string;
  readonly sites: readonly ShownSite[];
  readonly calls: readonly ShownCall[];
  readonly counters: readonly ShownCounter[];
  readonly records: readonly AuditRecord[];
  readonly note: string;
}

/** A screen in sections that is drawn anew with each change, as high as the terminal. */
export function createLiveScreen(output: NodeJS.WriteStream, title: string, paint: Paint): Screen {
  // A hidden cursor would be brought back by a handler that ends the process at SIGINT, before services could drain.
  const log = createLogUpdate(output, { showCursor: true });
  const calls: ShownCall[] = [];
  const records: AuditRecord[] = [];
  let sites: readonly ShownSite[] = [];
  let counters: readonly ShownCounter[] = [];
  let note = '';
  let open = true;
  let drawnRows = output.rows ?? usualRows;

  const draw = () => {
    if (!open) return;
    const rows = output.rows ?? usualRows;
    if (rows !== drawnRows) log.clear();
    drawnRows = rows;
    log(frameLines({ title, sites, calls, counters, records, note }, rows - 1, paint).join('\n'));
  };
  const push = <T>(list: T[], item: T) => {
    list.push(item);
    if (list.length > kept) list.shift();
    draw();
  };
  return {
    sites(now) {
      sites = now;
      draw();
    },
    call: (call) => push(calls, call),
    record: (record) => push(records, record),
    counters(now) {
      counters = now;
      draw();
    },
    note(text) {
      if (!open) output.write(`${wrap(text, width).join('\n')}\n`);
      note = text;
      draw();
    },
    close() {
      open = false;
      log.done();
    },
    lines: (lines) => void output.write(`${lines.join('\n')}\n`),
  };
}

/**
 * The lines of a frame, `rows` of them: always as many, since log-update leaves lines that did not change where they
 * were. Sites come first; of calls and records the newest are shown, in what room is left to them, half each;
 * counters give way where there is little.
 */
export function frameLines(frame: Frame, rows: number, paint: Paint): string[] {
  const heading = (text: string) => paint('strong', text);
  const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`);
  const top = [
    `${heading(fit(frame.title, width - 16))} ${paint('dim', 'Ctrl-C ends it'.padStart(15))}`,
    ...(frame.note === '' ? [] : [paint('dim', fit(frame.note, width))]),
    heading('SITES AND APIS'),
    ...indent(frame.sites.flatMap((site) => siteLines(site, paint))),
  ];
  const counters = indent(frame.counters.map((counter) => counterLine(counter, paint)));
  // Three headings; calls and records need some four lines each to say anything.
  const room = Math.max(0, rows - top.length - 3);
  const shown = counters.slice(0, Math.max(0, room - 8));
  const half = Math.floor((room - shown.length) / 2);
  const lines = [
    ...top,
    heading('CALLS'),
    ...indent(
      newest(
        frame.calls.map((call) => callLines(call, paint)),
        room - shown.length - half,
      ),
    ),
    heading('COUNTERS (in the cloud)'),
    ...shown,
    heading('AUDIT STREAM (in the cloud)'),
    ...indent(
      newest(
        frame.records.map((record) => recordLines(record, paint)),
        half,
      ),
    ),
  ];
  // Blanks, not empty lines: log-update miscounts lines where the last that changed is empty.
  return [...lines, ...Array<string>(Math.max(0, rows - lines.length)).fill(' ')].slice(0, Math.max(0, rows));
}

/** As many of the last entries as have room, whole ones only. */
function newest(entries: readonly (readonly string[])[], room: number): string[] {
  const lines: string[] = [];
  for (const entry of entries.toReversed()) {
    if (lines.length + entry.length > room) break;
    lines.unshift(...entry);
  }
  return lines;
}
