import type { QuotaRequest, Service } from '@causeway/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { memoryLedger, type WriteFault } from '../../../../test/support/memory-ledger.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import type { AnyDocument } from '../documents/store.ts';
import { failureOf, memoryDocuments, serviceOf, siteOf } from '../test-support.ts';
import { maxPerSite, openQuotaLedger } from './ledger.ts';
import { createQuotaDesk, type QuotaDesk } from './quota-desk.ts';

const quotes = (site: string): Service => ({ ...serviceOf('quotes', site), hosts: [1] });

function policy(name: string, more: object = {}): AnyDocument {
  return {
    ...{
      kind: 'policy',
      tenant: 'acme',
      name,
      from: { service: 'd*' },
      to: { service: 'quotes' },
      effect: 'allow',
    },
    limits: { quota: { calls: { day: 80 }, bytes: { minute: 1_000 } } },
    ...more,
  } as AnyDocument;
}

const day = 86_400_000;
let clock: ReturnType<typeof manualClock>;
let fault: WriteFault;
let memory: ReturnType<typeof memoryLedger>;
let store: ReturnType<typeof memoryDocuments>;
let desk: QuotaDesk;

type Asked = QuotaRequest['shares'][number];
const asked = (more: Partial<Asked> = {}): Asked => ({
  ...{ tenant: 'acme', policy: 'p', from: { site: 'edge-b', service: 'desk' } },
  ...{ unit: 'calls', window: 'day', start: Math.floor(clock.now() / day) * day, need: 1 },
  ...more,
});
const answer = async (site: string, more: Partial<Asked> = {}) => (await desk.answer(site, [asked(more)]))[0];

async function open(): Promise<void> {
  const ledger = await openQuotaLedger({ bucket: memory.bucket, clock, logger: silent });
  const isPresent = (tenant: string, site: string) => {
    const document = store.get(`site.any.${site}`);
    return document?.kind === 'site' && !document.revoked && Object.hasOwn(document.tenants, tenant);
  };
  desk = createQuotaDesk({ store, ledger, isPresent });
}

beforeEach(async () => {
  clock = manualClock();
  fault = 'none';
  memory = memoryLedger(() => fault);
  store = memoryDocuments([
    ...['edge-a', 'edge-b', 'edge-c'].map(siteOf),
    ...[quotes('edge-a'), quotes('edge-b'), serviceOf('quotes', 'edge-c'), serviceOf('desk', 'edge-b')],
    ...[policy('p'), policy('deny', { effect: 'deny' }), policy('free', { limits: { rate: 1 } })],
    ...[
      policy('a-alone', { to: { service: 'quotes', site: 'edge-a' } }),
      policy('other', { tenant: 'beta' }),
    ],
    policy('risky', { from: { service: 'risk' } }),
  ]);
  await open();
});

describe('quota desk', () => {
  test('quota desk - a site is given an eighth of what is left, or what its calls wait for, and never more than there is', async () => {
    expect(await answer('edge-a')).toEqual({ granted: 10 });
    expect(await answer('edge-b', { need: 30 })).toEqual({ granted: 30 });
    expect(await answer('edge-a', { need: 0 })).toEqual({ granted: 5 });
    expect(await answer('edge-a', { need: Number.MAX_SAFE_INTEGER })).toEqual({ granted: 35 });
    for (const site of ['edge-a', 'edge-b']) expect(await answer(site)).toEqual({ granted: 0 });
  });

  test.each([
    ['of a tenant that is not there', { tenant: 'beta', policy: 'other' }],
    ['of a policy that does not stand', { policy: 'gone' }],
    ['of a policy of another tenant', { policy: 'other' }],
    ['of a policy that denies', { policy: 'deny' }],
    ['of a policy without quotas', { policy: 'free' }],
    ['of a window that the policy does not bound', { window: 'hour' as const }],
    ['of a unit that it does not', { unit: 'bytes' as const }],
    ['for a caller that the policy does not mean', { policy: 'risky' }],
    ['for a caller that there is not', { from: { site: 'edge-b', service: 'dust' } }],
    ['for a caller at a site that there is not', { from: { site: 'edge-z', service: 'desk' } }],
    ['of a window that is over', { start: -1 }],
    ['of a window to come', { start: 1 }],
    ['of a window that begins when none does', { start: 0.5 }],
  ])('quota desk - there is no share %s', async (_, more: Partial<Asked>) => {
    const start = asked().start;
    const shifted =
      more.start === undefined
        ? {}
        : { start: start + Math.trunc(more.start) * day + (more.start % 1) * 1_000 };
    expect(await answer('edge-a', { ...more, ...shifted })).toEqual({
      granted: 0,
      refused: expect.any(String),
    });
    expect(memory.stored.size).toBe(0);
  });

  test('quota desk - a site has no share of a policy that concerns nothing it serves', async () => {
    expect(await answer('edge-a', { policy: 'a-alone' })).toEqual({ granted: 10 });
    expect(await answer('edge-b', { policy: 'a-alone' })).toMatchObject({
      granted: 0,
      refused: expect.any(String),
    });
    // It has an identity of the name, which serves nothing.
    expect(await answer('edge-c')).toMatchObject({ granted: 0, refused: expect.any(String) });
  });

  test('quota desk - a site gives back what it was given, and never what others have', async () => {
    await answer('edge-a', { need: 40 });
    await answer('edge-b', { need: 40 });
    expect(await answer('edge-b', { back: 1_000_000 })).toEqual({ granted: 0 });
    expect(await answer('edge-b', { back: 5 })).toEqual({ granted: 0 });
    expect(await answer('edge-a', { need: 80 })).toEqual({ granted: 40 });
    expect(await answer('edge-c', { back: 80 })).toMatchObject({ granted: 0 });
    expect(await answer('edge-b', { need: 80 })).toEqual({ granted: 0 });
  });

  test.each(['lost', 'unanswered', 'late'] as const)(
    'quota desk - where a write is %s nothing is given, and what may have been stored counts as given',
    async (how) => {
      fault = how;
      expect((await failureOf(answer('edge-a', { need: 30 }))).code).toBe('UNREACHABLE');
      fault = 'none';
      memory.arrive();
      const left = how === 'lost' ? 80 : 50;
      expect(await answer('edge-b', { need: 80 })).toEqual({ granted: left });
    },
  );

  test('quota desk - two registries at once give no more than there is', async () => {
    await answer('edge-a', { need: 10 });
    const first = desk;
    await open();
    expect(await answer('edge-a', { need: 60 })).toEqual({ granted: 60 });
    await expect(first.answer('edge-b', [asked({ need: 60 })])).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    expect(await first.answer('edge-b', [asked({ need: 60 })])).toEqual([{ granted: 10 }]);
  });

  test('quota desk - a policy that is changed keeps what was spent of it', async () => {
    await answer('edge-a', { need: 30 });
    await store.put([policy('p', { limits: { quota: { calls: { day: 40 } } } })]);
    expect(await answer('edge-a', { need: 80 })).toEqual({ granted: 10 });
    await store.put([policy('p', { limits: { quota: { calls: { day: 20 } } } })]);
    expect(await answer('edge-a', { need: 80 })).toEqual({ granted: 0 });
  });

  test('quota desk - a tenant with many policies leaves room for shares of the others at a site', async () => {
    const ledger = await openQuotaLedger({ bucket: memory.bucket, clock, logger: silent });
    const share = (tenant: string, n: number) => ({
      ...{ ...asked({ tenant, policy: `p${n}` }), site: 'edge-a', amount: 8 },
    });
    const many = Array.from({ length: maxPerSite / 2 + 10 }, (_, n) => share('acme', n));
    for (let start = 0; start < many.length; start += 400) await ledger.book(many.slice(start, start + 400));
    expect(ledger.size).toBe(maxPerSite / 2);
    const [one, other] = await ledger.book([share('acme', maxPerSite), share('globex', 0)]);
    expect(one).toMatchObject({ granted: 0, refused: expect.stringContaining('no more') });
    expect(other).toEqual({ granted: 1 });
    const anew = await openQuotaLedger({ bucket: memory.bucket, clock, logger: silent });
    expect(await anew.book([share('acme', maxPerSite)])).toMatchObject([{ granted: 0 }]);
  });

  test('quota desk - what is over is purged, and a clock that is set back does not open it again', async () => {
    const start = asked().start;
    await answer('edge-a', { need: 80 });
    await clock.advance(day + 120_000);
    await answer('edge-a');
    const ledger = await openQuotaLedger({ bucket: memory.bucket, clock, logger: silent });
    expect(ledger.size).toBe(2);
    await ledger.purge();
    expect([ledger.size, memory.stored.size]).toEqual([1, 1]);
    await clock.advance(-day);
    const request = { ...asked({ start, need: 80 }), site: 'edge-a', amount: 80 };
    expect(await ledger.book([request])).toEqual([{ granted: 0, refused: expect.any(String) }]);
  });
});
