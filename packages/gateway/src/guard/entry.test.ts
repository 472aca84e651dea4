import { createLimiterPool } from '@causeway/policy';
import { type CallFields, type Rule, type ServedApi, subjects } from '@causeway/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noQuotas } from '../quota/test-support.ts';
import { compileEntry, fieldsWithin, forgetEntries, type GuardEntry } from './entry.ts';
import { guardApi } from './served-api.ts';

function rule(policy: string, effect: 'allow' | 'deny', more: Partial<Rule> = {}): Rule {
  return { policy, effect, from: { site: '*', service: '*' }, endpoints: ['*'], ...more };
}

function api(rules: Rule[]): ServedApi {
  const endpoint = { request: { type: 'object', required: ['symbol'] }, reply: true };
  return {
    tenant: 'acme',
    manifest: {
      kind: 'api',
      service: 'quotes',
      version: '1.2.0',
      endpoints: { latest: { ...endpoint, maxRequestBytes: 10, maxReplyBytes: 20 }, history: endpoint },
    },
    routes: { 'edge-a': { named: 'q1', any: 'q2' } },
    rules,
  };
}

const call: CallFields = {
  fromSite: 'edge-b',
  from: 'desk',
  toSite: 'any',
  service: 'quotes',
  major: 1,
  endpoint: 'latest',
};

function entry(rules: Rule[], fields: Partial<CallFields> = {}, pool = createLimiterPool()): GuardEntry {
  return compileEntry(
    guardApi(api(rules)),
    { ...call, ...fields },
    { limiters: pool, quotas: noQuotas },
    { monotonic: 0, hub: 0 },
  );
}

describe('entries', () => {
  test('guard - an admitted caller has what its calls need', () => {
    const found = entry([rule('open', 'allow')]);
    expect(found).toMatchObject({
      admits: true,
      policy: 'open',
      limiter: undefined,
      inboxPrefix: '_INBOX.edge-b.desk.',
      caller: 'edge-b.desk',
      serveSuffix: '.v1.latest',
      endpoint: { name: 'latest', maxRequestBytes: 10, maxReplyBytes: 20 },
    });
    if (!found.admits) expect.fail('refused');
    expect(found.endpoint.requestFault({ symbol: 'X' })).toBeUndefined();
    expect(found.endpoint.requestFault({})).toMatchObject({ pointer: '/symbol' });
  });

  test('guard - where nothing is said, the bounds are those of the protocol', () => {
    expect(entry([rule('open', 'allow')], { endpoint: 'history' })).toMatchObject({
      endpoint: { maxRequestBytes: 262_144, maxReplyBytes: 1_000_000 },
    });
  });

  test('guard - a caller with no grant hears of no API; the record has the truth', () => {
    for (const rules of [[], [rule('no', 'deny')], [rule('open', 'allow'), rule('no', 'deny')]]) {
      const found = entry(rules);
      if (found.admits) expect.fail('admitted');
      expect(found.told).toBe('NO_ROUTE');
      expect(found.toldReason).toBe('no API quotes v1 that desk may call');
      expect(found.toldReason).not.toMatch(/policy|deny|denied/i);
      expect(found.reason).toMatch(/^DENIED: /);
      expect(found.policy).toBe(rules.length === 0 ? null : 'no');
    }
  });

  test('guard - one with a grant on another endpoint is told that it is denied', () => {
    const found = entry([rule('read', 'allow', { endpoints: ['history'] })]);
    expect(found).toMatchObject({ admits: false, told: 'DENIED', policy: null });
    if (!found.admits) expect(found.toldReason).toBe(found.reason);
  });

  test('guard - an endpoint that does not exist is said to those who may know the API', () => {
    expect(entry([rule('open', 'allow')], { endpoint: 'nothing' })).toMatchObject({
      told: 'NO_SUCH_ENDPOINT',
    });
    expect(entry([], { endpoint: 'nothing' })).toMatchObject({ told: 'NO_ROUTE' });
  });

  test('guard - what is refused does not depend on whether the API or the endpoint exists, for who may not know', () => {
    const refused = [entry([]), entry([rule('no', 'deny')]), entry([], { endpoint: 'nothing' })];
    expect(new Set(refused.map((each) => (each.admits ? '' : `${each.told} ${each.toldReason}`))).size).toBe(
      1,
    );
  });

  test('guard - limits are shared by the endpoints of a caller, and let go of with the entries', () => {
    const pool = createLimiterPool();
    const limited = [rule('few', 'allow', { limits: { rate: 1, burst: 1 } })];
    const first = entry(limited, {}, pool);
    const second = entry(limited, { endpoint: 'history' }, pool);
    if (!first.admits || !second.admits) expect.fail('refused');
    expect(first.limiter?.admit(0, 0)).toBeUndefined();
    expect(second.limiter?.admit(0, 0)?.code).toBe('RATE_LIMITED');
    forgetEntries(
      new Map([
        ['a', first],
        ['b', second],
      ]),
    );
    pool.sweep(60_000);
    expect(pool.size).toBe(0);
  });

  test('guard - records that are counted apart are told apart', () => {
    const names = [
      entry([]),
      entry([], { endpoint: 'history' }),
      entry([], { service: 'prices' }),
      entry([], { major: 2 }),
      entry([], { from: 'risk' }),
      entry([], { fromSite: 'edge-a' }),
    ].map(({ counters }) => counters);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('subjects shown', () => {
  const route = { fromSite: 'edge-b', service: 'quotes', major: 1, site: 'edge-a' };
  const shown = (fields: Partial<CallFields>) => subjects.call.build({ ...call, ...fields });

  test('guard - a call inside its subscription is taken, by name or as anycast', () => {
    expect(fieldsWithin(route, shown({}))).toEqual(call);
    expect(fieldsWithin(route, shown({ toSite: 'edge-a' }))?.toSite).toBe('edge-a');
  });

  test.each([
    ['of another site', shown({ fromSite: 'edge-c' })],
    ['to another site', shown({ toSite: 'edge-c' })],
    ['of another service', shown({ service: 'orders' })],
    ['of another major', shown({ major: 2 })],
    ['that is none', 'serve.edge-a.quotes.i-1.v1.latest'],
    ['of a reserved caller', 'call.edge-b.gateway.any.quotes.v1.latest'],
    ['with a wildcard', 'call.edge-b.*.any.quotes.v1.latest'],
    ['with a token more', `${shown({})}.more`],
    ['with a token fewer', shown({}).slice(0, shown({}).lastIndexOf('.'))],
    ['with the major written otherwise', shown({}).replace('v1', 'v01')],
    ['that is empty', ''],
  ])('guard - a message that shows a subject %s is dropped', (_, subject) => {
    expect(fieldsWithin(route, subject)).toBeUndefined();
  });

  test('guard - whatever is shown, what comes through is of this route', () => {
    const token = fc.oneof(
      fc.constantFrom(
        'call',
        'edge-a',
        'edge-b',
        'any',
        'quotes',
        'v1',
        'v2',
        'latest',
        'desk',
        '',
        '*',
        '>',
      ),
      fc.string({ maxLength: 8 }),
    );
    const subject = fc.array(token, { minLength: 5, maxLength: 8 }).map((tokens) => tokens.join('.'));
    const near = fc
      .tuple(fc.nat({ max: 6 }), token)
      .map(([at, text]) => shown({}).split('.').with(at, text).join('.'));
    fc.assert(
      fc.property(fc.oneof(subject, near), (text) => {
        const fields = fieldsWithin(route, text);
        if (!fields) return;
        expect(fields).toMatchObject({ fromSite: 'edge-b', service: 'quotes', major: 1 });
        expect(['any', 'edge-a']).toContain(fields.toSite);
        expect(subjects.call.build(fields)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});
