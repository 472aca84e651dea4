import type { AuditRecord } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import type { CallReport } from '../calls.ts';
import { createLedger } from './ledger.ts';

const from = { site: 'edge-a', service: 'trader' };
const to = { service: 'quotes', major: 1, endpoint: 'latest' };
const reply = (trace: string, code = 'OK'): CallReport => ({ trace, from, to, code, milliseconds: 1 });
const record = (trace: string | undefined, code = 'OK', more: Partial<AuditRecord> = {}): AuditRecord => ({
  call: 'c',
  at: 0,
  tenant: 'acme',
  from,
  to,
  site: 'edge-a',
  decision: 'allowed',
  policy: 'p',
  code,
  requestBytes: 0,
  replyBytes: 0,
  durationMicros: 0,
  ...(trace === undefined ? {} : { trace }),
  ...more,
});
const ledger = () => createLedger((trace) => trace.startsWith('our'));

describe('ledger', () => {
  it('ledger - a reply with its record is matched, whichever comes first', () => {
    const one = ledger();
    one.reply(reply('our-1'));
    one.record(record('our-2', 'DENIED'));
    expect(one.balance()).toEqual({ replies: 1, matched: 0, surplus: 1, unanswered: 0 });
    one.record(record('our-1'));
    one.reply(reply('our-2', 'DENIED'));
    expect(one.balance()).toEqual({ replies: 2, matched: 2, surplus: 0, unanswered: 0 });
    expect([...one.outcomes]).toEqual([
      ['OK', 1],
      ['DENIED', 1],
    ]);
  });

  it('ledger - a record of another outcome, caller or endpoint is none of the reply’s', () => {
    const others: [string, Partial<AuditRecord>][] = [
      ['DENIED', {}],
      ['OK', { from: { ...from, service: 'desk' } }],
      ['OK', { to: { ...to, endpoint: 'history' } }],
    ];
    for (const [code, more] of others) {
      const one = ledger();
      one.reply(reply('our-1'));
      one.record(record('our-1', code, more));
      expect(one.balance()).toMatchObject({ replies: 1, matched: 0, surplus: 1 });
    }
  });

  it('ledger - a second record of one reply is a surplus', () => {
    const one = ledger();
    one.reply(reply('our-1'));
    one.record(record('our-1'));
    one.record(record('our-1'));
    expect(one.balance()).toEqual({ replies: 1, matched: 1, surplus: 1, unanswered: 0 });
  });

  it('ledger - a record that stands for several refusals matches as many', () => {
    const one = ledger();
    for (let n = 0; n < 3; n += 1) one.reply(reply('our-1', 'RATE_LIMITED'));
    one.record(record('our-1', 'RATE_LIMITED', { count: 3 }));
    expect(one.balance()).toEqual({ replies: 3, matched: 3, surplus: 0, unanswered: 0 });
  });

  it('ledger - records of others do not count', () => {
    const one = ledger();
    one.record(record(undefined));
    one.record(record('foreign'));
    expect(one.balance()).toEqual({ replies: 0, matched: 0, surplus: 0, unanswered: 0 });
  });

  it('ledger - a call that its caller gave up is not held against the records', () => {
    const one = ledger();
    one.reply(reply('our-1', 'UNREACHABLE'));
    one.reply(reply('our-2', 'DEADLINE_EXCEEDED'));
    expect(one.balance()).toEqual({ replies: 0, matched: 0, surplus: 0, unanswered: 2 });
    expect(one.outcomes.get('UNREACHABLE')).toBe(1);
  });
});
