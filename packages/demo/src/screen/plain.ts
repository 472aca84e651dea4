import { callLines, counterLine, recordLines, siteLines, withMargin } from './format.ts';
import type { Screen } from './screen.ts';
import { type Paint, width, wrap } from './text.ts';

/** Plain lines, each with the name of its kind before it: for pipes, logs, and runs that end by themselves. */
export function createPlainScreen(write: (text: string) => void, paint: Paint): Screen {
  let open = true;
  const print = (lines: readonly string[]) => {
    if (lines.length > 0) write(`${lines.join('\n')}\n`);
  };
  const show = (lines: readonly string[]) => {
    if (open) print(lines);
  };
  let shownSites = '';
  return {
    sites(sites) {
      const lines = sites.flatMap((site) => withMargin('site', siteLines(site, paint), paint));
      // Told again only where something has changed.
      if (lines.join('\n') === shownSites) return;
      shownSites = lines.join('\n');
      show(lines);
    },
    call: (call) => show(withMargin('call', callLines(call, paint), paint)),
    record: (record) => show(withMargin('audit', recordLines(record, paint), paint)),
    counters: (counters) =>
      show(counters.flatMap((counter) => withMargin('count', [counterLine(counter, paint)], paint))),
    note: (text) => print(wrap(text, width)),
    close() {
      open = false;
    },
    lines: print,
  };
}
