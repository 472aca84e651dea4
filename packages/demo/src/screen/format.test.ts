import type { AuditRecord } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import type { CallReport } from '../calls.ts';
import { scenes } from '../scenario/scenes.ts';
import { callLines, counterLine, recordLines, siteLines, withMargin } from './format.ts';
import type { ShownCall, ShownSite } from './screen.ts';
import { createPaint, width } from './text.ts';

const plain = createPaint(false);
const report: CallReport = {
  trace: 'a'.repeat(32),
  from: { site: 'edge-b', service: 'intern' },
  to: { service: 'quotes', major: 1, endpoint: 'latest' },
  code: 'OK',
  milliseconds: 1.26,
};
const record: AuditRecord = {
  call: 'c',
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  tenant: 'acme',
  from: { site: 'edge-b', service: 'intern' },
  to: { service: 'quotes', major: 1, endpoint: 'latest' },
  site: 'edge-a',
  decision: 'denied',
  policy: null,
  code: 'NO_ROUTE',
  reason: 'DENIED: no policy allows edge-b/intern',
  requestBytes: 1,
  replyBytes: 1,
  durationMicros: 1,
};
const site: ShownSite = {
  name: 'edge-a',
  gateways: [{ name: 'gw-1', alive: true }],
  links: ['acme', 'CONTROL'],
  lag: 0,
  apis: [{ name: 'quotes.v1', endpoints: ['latest', 'history'] }],
};
const shown = (more: Partial<ShownCall>): ShownCall => ({
  scene: scenes[0] as (typeof scenes)[number],
  site: 'edge-a',
  count: 1,
  result: 'MSFT 28.80',
  report,
  ...more,
});

describe('format', () => {
  it('format - a call that went through', () => {
    expect(callLines(shown({}), plain)).toEqual([
      'cloud → A    report → quotes.latest@edge-a   OK MSFT 28.80          1.3 ms',
    ]);
  });

  it('format - a refusal says why, where, and for how long', () => {
    const refused = {
      ...report,
      code: 'RATE_LIMITED',
      reason: 'over the rate',
      retryAfter: 185.2,
      pointer: '/x',
    };
    const lines = callLines(shown({ result: '', count: 7, report: refused }), plain);
    expect(lines[0]).toContain('7× RATE_LIMITED ');
    expect(lines.slice(1)).toEqual(['             over the rate (pointer /x) (retryAfter 186 ms)']);
  });

  it('format - a record of a refusal has the true reason', () => {
    expect(recordLines(record, plain)).toEqual([
      '03:04:05 edge-a edge-b/intern → quotes.v1.latest    denied NO_ROUTE       ',
      '                DENIED: no policy allows edge-b/intern',
    ]);
    expect(recordLines({ ...record, decision: 'limited', count: 3 }, plain)[0]).toContain(
      '3× limited NO_ROUTE',
    );
  });

  it('format - a site with its links and APIs', () => {
    expect(siteLines(site, plain).map((line) => line.trimEnd())).toEqual([
      'edge-a   gateway gw-1 up · links CONTROL, acme · serves quotes.v1 (latest,',
      '         history)',
    ]);
    const ill = siteLines({ ...site, gateways: [{ name: 'gw-1', alive: false }], links: [], lag: 9 }, plain);
    expect(ill.join(' ')).toContain('gateway gw-1 NOT HEARD OF · links DOWN');
    expect(ill.join(' ')).toContain('9 blocks behind');
  });

  it('format - counters of a caller at an API', () => {
    const counter = { caller: 'edge-a/trader', api: 'quotes.v1', calls: 12n, ok: 10n, bytes: 4711n };
    expect(counterLine(counter, plain)).toBe(
      'edge-a/trader → quotes.v1     calls 12    OK 10    refused 2    4,711 B',
    );
  });

  it('format - no line is wider than the screen, however long the names', () => {
    const long = 'x'.repeat(63);
    const longReason = `${long} ${'y'.repeat(200)} ${long}`;
    const from = { site: long, service: long };
    const to = { service: long, major: 9999, endpoint: long };
    const lines = [
      ...callLines(
        shown({
          site: long,
          result: long,
          report: { ...report, code: 'DENIED', reason: longReason, milliseconds: 99_999 },
        }),
        plain,
      ),
      ...recordLines(
        { ...record, from, to, site: long, reason: longReason, code: 'DEADLINE_EXCEEDED' },
        plain,
      ),
      ...siteLines({ ...site, name: long, apis: [{ name: long, endpoints: [long, long] }] }, plain),
      counterLine({ caller: long, api: long, calls: 10n ** 12n, ok: 0n, bytes: 10n ** 15n }, plain),
    ];
    const wide = withMargin('audit', lines, plain).filter((line) => line.length > width);
    expect(wide).toEqual([]);
  });
});
