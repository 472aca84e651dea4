import { createLimiterPool } from '@causeway/policy';
import { type AuditRecord, encodeJson, headers as names, type Rule, subjects } from '@causeway/protocol';
import { type AnswerResult, createHubClock } from '@causeway/transport';
import type { Msg } from 'nats';
import { describe, expect, test } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { guardApi } from '../guard/served-api.ts';
import { createInstances } from '../instances/instances.ts';
import { createQuotaPool, type QuotaPool } from '../quota/pool.ts';
import { noQuotas } from '../quota/test-support.ts';
import type { Route } from '../routes/routes.ts';
import { createCallHandler } from './call-handler.ts';

const mebibyte = 1024 * 1024;

/** A message without headers, as the client gives it. */
function received(subject: string, data: Uint8Array, reply = ''): Msg {
  return { subject, reply, data, size: () => subject.length + reply.length + data.length } as never;
}

/** A handler whose instance and whose stream of records are in the test's hands. */
function stage(policy: Partial<Rule>, silence = () => 0, clock = manualClock(), quotas: Quotas = noQuotas) {
  const instances = createInstances({ site: 'edge-a', clock, onChange: () => {} });
  instances.register('quotes', 'i-1', [1]);
  const asked: ((result: AnswerResult) => void)[] = [];
  const replies: { subject: string; code: string | undefined; bytes: number }[] = [];
  const records: { record: AuditRecord; stored: () => void }[] = [];
  const handle = createCallHandler({
    ...{ tenant: 'acme', site: 'edge-a', instances, clock, logger: silent },
    limiters: createLimiterPool(),
    quotas,
    hub: createHubClock(clock),
    silence,
    random: { bytes: (length) => new Uint8Array(length), fraction: () => 0 },
    recordsFull: () => false,
    record: (record, _group, stored = () => {}) => records.push({ record, stored }),
    publish: (subject, body, headers) =>
      replies.push({ subject, code: headers?.get(names.errorCode), bytes: body.length }),
    ask: (_service, _subject, _body, _timeout, _headers, callback) => asked.push(callback),
  });
  const routeBy = (changed: Partial<Rule>): Route => ({
    ...{ fromSite: 'edge-a', service: 'quotes', major: 1, site: 'edge-a', anycast: true },
    api: guardApi({
      tenant: 'acme',
      manifest: {
        kind: 'api',
        service: 'quotes',
        version: '1.0.0',
        endpoints: { latest: { request: true, reply: true, maxReplyBytes: mebibyte } },
      },
      routes: { 'edge-a': { named: 'n', any: 'a' } },
      rules: [
        { policy: 'p', from: { site: '*', service: '*' }, endpoints: ['*'], effect: 'allow', ...changed },
      ],
    }),
    entries: new Map(),
  });
  let route = routeBy(policy);
  const subject = subjects.call.build({
    ...{ fromSite: 'edge-a', from: 'desk', toSite: 'any', service: 'quotes', major: 1, endpoint: 'latest' },
  });
  return {
    clock,
    replies,
    records,
    asked,
    change: (changed: Partial<Rule>) => {
      route = routeBy(changed);
    },
    call: (token: string) =>
      handle(() => route, received(subject, encodeJson(1), `_INBOX.edge-a.desk.c.${token}`)),
    answer: (at: number, bytes: number) =>
      asked[at]?.({ kind: 'reply', message: received('answer', new Uint8Array(bytes)) }),
  };
}

type Quotas = Pick<QuotaPool, 'guard' | 'wait'>;

describe('call handler', () => {
  test('call handler - a reply goes out at once, and under a strict policy when its record is stored', () => {
    const prompt = stage({});
    prompt.call('a');
    prompt.answer(0, 5);
    expect([prompt.replies.length, prompt.records.length]).toEqual([1, 1]);

    const strict = stage({ audit: 'strict' });
    strict.call('a');
    strict.answer(0, 5);
    expect([strict.replies.length, strict.records.length]).toEqual([0, 1]);
    strict.records[0]?.stored();
    expect(strict.replies).toEqual([{ subject: '_INBOX.edge-a.desk.c.a', code: undefined, bytes: 5 }]);
  });

  test('call handler - replies that wait for records keep to their bound, whatever is under way', () => {
    const { call, answer, replies, records } = stage({ audit: 'strict' });
    for (let at = 0; at < 200; at += 1) call(`${at}`);
    for (let at = 0; at < 200; at += 1) answer(at, mebibyte);
    // Nothing is known of those that find no room but that they may have run.
    const codes = records.map(({ record }) => record.code);
    expect(codes.slice(0, 64)).toEqual(Array(64).fill('OK'));
    expect(codes.slice(64)).toEqual(Array(136).fill('DEADLINE_EXCEEDED'));
    call('late');
    expect(replies).toMatchObject([{ subject: '_INBOX.edge-a.desk.c.late', code: '503' }]);
    for (const { stored } of records) stored();
    const told = replies.slice(1);
    expect(told.map(({ code }) => code ?? 'OK')).toEqual(codes.map((code) => (code === 'OK' ? code : '504')));
    expect(told.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(65 * mebibyte);
    call('again');
    answer(200, 1);
    expect(records.at(-1)?.record.code).toBe('OK');
  });

  test('call handler - a policy begins and ends by the hub’s clock, also for callers that are known', async () => {
    const start = manualClock().now();
    const { clock, call, replies } = stage({ notBefore: start + 1_000, expires: start + 2_000 });
    const outcomes: (string | undefined)[] = [];
    for (const wait of [0, 999, 1, 999, 1]) {
      await clock.advance(wait);
      const before = replies.length;
      call('t');
      // Asked, and not refused: the instance has not answered yet.
      outcomes.push(replies.length === before ? 'asked' : replies.at(-1)?.code);
    }
    expect(outcomes).toEqual(['404', '404', 'asked', 'asked', '404']);
  });

  test('call handler - a site that has heard nothing for longer than the lease admits nothing by it', () => {
    let silent = 86_400_000;
    const usual = stage({}, () => silent);
    usual.call('a');
    expect(usual.replies).toEqual([]);
    silent += 1;
    usual.call('b');
    expect(usual.records.at(-1)?.record).toMatchObject({
      decision: 'failed',
      code: 'LEASE_EXPIRED',
      policy: 'p',
    });
    silent = 30_001;
    const short = stage({ lease: 30_000 }, () => silent);
    short.call('a');
    expect(short.replies.at(-1)?.code).toBe('503');
    silent = 0;
    short.call('b');
    short.answer(0, 1);
    expect(short.records.at(-1)?.record.code).toBe('OK');
  });

  test('call handler - a call that waited for a share is decided by what is in force then', async () => {
    const outcomeAfter = async (change: Partial<Rule>) => {
      const clock = manualClock();
      const shares = Promise.withResolvers<{ granted: number }[]>();
      const pool = createQuotaPool({ ask: () => shares.promise, hub: createHubClock(clock), clock });
      const limits = { quota: { calls: { minute: 10 } } };
      const staged = stage({ limits }, () => 0, clock, pool);
      staged.call('a');
      expect([pool.waiting, staged.asked.length, staged.records.length]).toEqual([1, 0, 0]);
      staged.change({ limits, ...change });
      shares.resolve([{ granted: 5 }]);
      await clock.advance(1);
      return { asked: staged.asked.length, code: staged.records[0]?.record.code };
    };
    expect(await outcomeAfter({})).toEqual({ asked: 1, code: undefined });
    expect(await outcomeAfter({ effect: 'deny' })).toEqual({ asked: 0, code: 'NO_ROUTE' });
  });

  test('call handler - a policy’s payload bounds requests and replies, and is named', () => {
    const { call, answer, records } = stage({ limits: { payload: 5 } });
    call('a');
    answer(0, 6);
    expect(records[0]?.record).toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      reason: 'the reply has 6 bytes; policy p allows 5',
    });
    const small = stage({ limits: { payload: 1, rate: 1 } });
    small.call('a');
    small.answer(0, 1);
    expect(small.records[0]?.record.code).toBe('OK');
  });
});
