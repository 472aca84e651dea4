import { accountLimits, createKeys, issueAccount } from '@causeway/identity';
import { systemRandom } from '@causeway/transport';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { until } from '../../../../test/support/until.ts';
import type { Connection, Hub, LinkInterest } from '../hub/hub.ts';
import { memoryDocuments, siteOf } from '../test-support.ts';
import { findCrowds } from './crowds.ts';
import { createExpectedInterest, isWellFormedRoute } from './expected-interest.ts';
import { type CutOff, startWatchdog } from './watchdog.ts';

const key = `U${'A'.repeat(55)}`;
const route = (toSite: string) => `call.cloud.*.${toSite}.quotes.v1.*`;
const served = { 'serve.acme.quotes.v1': { routes: { cloud: {} } } };

describe('expected interest', () => {
  let tables: Map<string, Map<string, unknown>>;
  const owner = { site: 'edge-a', tenant: 'acme' };
  const own = { site: 'edge-a', tenant: undefined };
  beforeEach(() => {
    tables = new Map([['edge-a', new Map(Object.entries(served))]]);
  });

  it.each([
    [owner, route('edge-a'), 'expected'],
    [owner, route('any'), 'expected'],
    [owner, '_INBOX.edge-a.desk.c1.*', 'expected'],
    [owner, '$LDS.abc', 'expected'],
    [own, '_INBOX.edge-a.gateway.gw-1.*', 'expected'],
    [own, '$JS.edge-a.API.CONSUMER.>', 'expected'],
    [owner, route('edge-b'), 'foreign'],
    [owner, 'call.edge-b.*.any.quotes.v1.*', 'foreign'],
    [owner, 'call.cloud.*.any.quotes.v2.*', 'foreign'],
    [owner, 'call.cloud.*.any.>', 'foreign'],
    [owner, 'call.cloud.desk.edge-a.other.v1.echo', 'expected'],
    [owner, 'call.cloud.desk.any.quotes.v1.*', 'foreign'],
    [owner, '_INBOX.edge-b.desk.c1.*', 'foreign'],
    [owner, '_INBOX.>', 'foreign'],
    [owner, '>', 'foreign'],
    [owner, '$LDS.>.x', 'foreign'],
    [{ ...owner, tenant: 'globex' }, route('any'), 'foreign'],
    [own, route('any'), 'foreign'],
    [own, '_INBOX.edge-b.gateway.gw-1.*', 'foreign'],
    [own, '$JS.edge-b.API.CONSUMER.>', 'foreign'],
    [own, '$JS.>', 'foreign'],
    [own, 'control.>', 'foreign'],
  ])('expected interest - of %j, %s is %s', (who, subject, judgement) => {
    expect(createExpectedInterest({ tables: () => tables }).judge(who, subject)).toBe(judgement);
  });

  it('expected interest - what a change takes away is past until the site has caught up', () => {
    const expected = createExpectedInterest({ tables: () => tables });
    tables.set('edge-a', new Map());
    expected.changed('edge-a');
    expect(expected.judge(owner, route('any'))).toBe('past');
    tables.set('edge-a', new Map(Object.entries({ 'serve.acme.other.v1': { routes: { cloud: {} } } })));
    expected.changed('edge-a');
    // Two changes on end, of which the site has neither.
    expect(expected.judge(owner, route('any'))).toBe('past');
    expect(expected.judge(owner, 'call.cloud.*.any.other.v1.*')).toBe('expected');
    expected.settled('edge-a');
    expect(expected.judge(owner, route('any'))).toBe('foreign');
  });

  it('expected interest - a route of any service is known by its form', () => {
    expect(isWellFormedRoute('edge-a', route('any'))).toBe(true);
    for (const subject of [route('edge-b'), 'call.>', `${route('any')}.x`, 'call.cloud.*.any.*.v1.*', '>']) {
      expect(isWellFormedRoute('edge-a', subject)).toBe(false);
    }
  });
});

describe('watchdog', () => {
  let clock: ManualClock;
  let links: LinkInterest[];
  let kicked: number[];
  let looks: number;
  let cutOffs: CutOff[];
  let settled: boolean;
  const link = (cid: number, ...subjects: string[]): LinkInterest => ({
    ...{ server: 'S', cid, account: 'A', subjects },
  });

  async function look(ms = 5_000): Promise<void> {
    const before = looks;
    clock.advance(ms);
    await until('the watchdog has looked', () => looks > before);
  }

  beforeEach(() => {
    clock = manualClock();
    [links, kicked, looks, cutOffs, settled] = [[], [], 0, [], true];
    const hub: Hub = {
      pushClaims: async () => {},
      links: async () => [],
      interest: async () => links,
      userOf: async () => key,
      connectionCount: async () => 0,
      connections: async () => [],
      kick: async ({ cid }) => void kicked.push(cid),
      memory: async () => undefined,
      cut: async () => 0,
    };
    startWatchdog({
      hub,
      store: memoryDocuments([siteOf('edge-a')]),
      compiler: {
        tables: new Map([['edge-a', new Map(Object.entries(served))]]),
        siteRevision: () => 1,
      },
      accountKey: () => 'A',
      settled: () => settled,
      cutOff: async (cut) => void cutOffs.push(cut),
      looked: () => {
        looks += 1;
      },
      intervalMs: 5_000,
      clock,
      logger: silent,
    });
  });

  it('watchdog - foreign interest of one look is nothing, of two it is cut, thrice it is kept out', async () => {
    links = [link(1, '>')];
    await look();
    links = [link(1, route('any'))];
    await look();
    links = [link(1, '>')];
    await look();
    expect(kicked).toEqual([]);
    // It comes back under another number before each look.
    for (const cid of [2, 3, 4]) {
      links = [link(cid, '>')];
      await look();
    }
    expect(kicked).toEqual([2, 3, 4]);
    expect(cutOffs).toEqual([
      { site: 'edge-a', tenant: 'acme', reason: 'listens for >, which it may not host' },
    ]);
  });

  it('watchdog - cuts that lie far apart keep nobody out', async () => {
    for (let round = 0; round < 4; round += 1) {
      links = [link(round, '>')];
      await look();
      await look();
      links = [];
      await look(6 * 60_000);
    }
    expect(kicked).toHaveLength(4);
    expect(cutOffs).toEqual([]);
  });

  it('watchdog - a site that is behind a registry which just started is left in peace for a minute', async () => {
    settled = false;
    links = [link(1, 'call.cloud.*.any.gone.v1.*')];
    for (let round = 0; round < 11; round += 1) await look();
    expect(kicked).toEqual([]);
    await look();
    await look();
    expect(kicked.length).toBeGreaterThan(0);
  });

  it('watchdog - links that are too many for 20 s are cut, the newest first', async () => {
    links = [link(3, route('any')), link(1), link(2)];
    for (let round = 0; round < 4; round += 1) await look();
    expect(kicked).toEqual([]);
    await look();
    expect(kicked).toEqual([3]);
  });
});

describe('crowds', () => {
  it('crowds - only an account that is half full is counted, and who has more than a quarter is named', async () => {
    const operator = createKeys('operator', systemRandom);
    const limits = { ...accountLimits('tenant', { sites: 1 }), connections: 40 };
    const publicKey = createKeys('account', systemRandom).publicKey;
    const account = { kind: 'tenant', name: 'acme', publicKey, signingKeys: {}, limits, now: 0 } as const;
    const { jwt } = await issueAccount(account, operator.seed);
    const all: Connection[] = Array.from({ length: 19 }, (_, n) => ({
      ...{ server: 'S', cid: 19 - n, user: n < 12 ? 'many' : 'few' },
    }));
    const hub = { connectionCount: async () => all.length, connections: async () => all };
    expect(await findCrowds({ hub, account: publicKey, jwt })).toEqual([]);
    all.push({ server: 'S', cid: 20, user: 'many' });
    const [crowd, ...others] = await findCrowds({ hub, account: publicKey, jwt });
    expect(others).toEqual([]);
    expect(crowd).toMatchObject({ user: 'many', count: 13, most: 10 });
    expect(crowd?.excess.map(({ cid }) => cid)).toEqual([18, 19, 20]);
  });
});
