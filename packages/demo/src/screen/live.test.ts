import type { AuditRecord } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { scenes } from '../scenario/scenes.ts';
import { type Frame, frameLines } from './live.ts';
import type { ShownCall } from './screen.ts';
import { createPaint, width } from './text.ts';

const plain = createPaint(false);
const to = { service: 'quotes', major: 1, endpoint: 'latest' };
const calls: ShownCall[] = Array.from({ length: 30 }, (_, index) => ({
  scene: scenes[0] as (typeof scenes)[number],
  site: 'edge-a',
  count: 1,
  result: index % 2 === 0 ? `result ${index}` : '',
  report: {
    trace: '',
    from: { site: 'cloud', service: 'report' },
    to,
    code: index % 2 === 0 ? 'OK' : 'DENIED',
    ...(index % 2 === 0 ? {} : { reason: `reason ${index}` }),
    milliseconds: index,
  },
}));
const records: AuditRecord[] = Array.from({ length: 30 }, (_, index) => ({
  call: 'c',
  at: index * 1000,
  tenant: 'acme',
  from: { site: 'cloud', service: 'report' },
  to,
  site: 'edge-a',
  decision: 'allowed',
  policy: 'p',
  code: 'OK',
  requestBytes: 0,
  replyBytes: 0,
  durationMicros: 0,
}));
const frame: Frame = {
  title: 'Title',
  sites: ['cloud', 'edge-a', 'edge-b'].map((name) => ({
    name,
    gateways: [{ name: 'gw-1', alive: true }],
    links: ['acme'],
    lag: 0,
    apis: [],
  })),
  calls,
  counters: Array.from({ length: 9 }, (_, index) => ({
    caller: `edge-a/c${index}`,
    api: 'quotes.v1',
    calls: 1n,
    ok: 1n,
    bytes: 1n,
  })),
  records,
  note: 'a note',
};

describe('live', () => {
  it('live - a frame has all sections, the newest calls and records last', () => {
    const lines = frameLines(frame, 39, plain);
    const text = lines.join('\n');
    for (const section of ['SITES AND APIS', 'CALLS', 'COUNTERS', 'AUDIT STREAM'])
      expect(text).toContain(section);
    expect(text).toContain('a note');
    expect(text).toContain('reason 29');
    expect(lines.findLast((line) => line !== ' ')).toContain('00:00:29');
  });

  it.each([5, 12, 20, 24, 39, 200])('live - a frame fills a terminal of %d rows, and no more', (rows) => {
    const lines = frameLines(frame, rows, plain);
    expect(lines).toHaveLength(rows);
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  });

  it('live - in a low terminal the counters give way to calls and records', () => {
    const text = frameLines(frame, 17, plain).join('\n');
    expect(text).toContain('reason 29');
    expect(text).toContain('00:00:29');
    expect(text).not.toContain('edge-a/c0');
  });

  it('live - an empty frame has its headings', () => {
    const lines = frameLines({ ...frame, calls: [], records: [], counters: [], note: '' }, 39, plain);
    expect(lines.filter((line) => line !== ' ')).toHaveLength(8);
  });
});
