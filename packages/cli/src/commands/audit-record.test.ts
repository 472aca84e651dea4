import { PassThrough } from 'node:stream';
import type { AuditRecord } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { recordLine, recordText } from './audit-record.ts';

const record: AuditRecord = {
  call: 'c',
  at: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  tenant: 'acme',
  from: { site: 'edge-b', service: 'desk' },
  to: { service: 'quotes', major: 1, endpoint: 'latest' },
  site: 'edge-a',
  decision: 'allowed',
  policy: 'desk-quotes',
  code: 'OK',
  requestBytes: 1,
  replyBytes: 2,
  durationMicros: 1_234,
};

describe('audit record', () => {
  it('audit record - one line says who called what where, with what outcome and why', () => {
    const line =
      '2026-01-02T03:04:05.006Z acme edge-b/desk -> quotes.v1.latest@edge-a OK 1.2ms by desk-quotes';
    expect(recordLine(record, false)).toBe(line);
    const refused = { ...record, code: 'NO_ROUTE', policy: null, reason: 'DENIED: no policy', count: 7 };
    expect(recordLine(refused, true)).toBe(
      '03:04:05.006 edge-b/desk -> quotes.v1.latest@edge-a NO_ROUTE x7 1.2ms DENIED: no policy',
    );
    expect(recordLine({ ...record, policy: null }, true)).toMatch(/ OK 1\.2ms$/);
  });

  it('audit record - a service’s own words make no line that passes for another record', () => {
    const text = recordText({ stdout: new PassThrough() as never, env: {} }, 'table');
    const reason = 'no\n2026-01-02T03:04:05.006Z acme edge-b/desk -> quotes.v1.latest@edge-a OK 1.2ms';
    const printed = text({ ...record, code: 'SERVICE_ERROR', reason }, 'gw-1');
    expect(printed.match(/\n/g)).toHaveLength(1);
    expect(printed).toContain('SERVICE_ERROR 1.2ms no 2026-01-02');
  });
});
