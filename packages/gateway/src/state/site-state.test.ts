import type { DiscoveredApi, Logger } from '@causeway/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { silent } from '../../../../test/support/silent-logger.ts';
import type { GuardedApi } from '../guard/served-api.ts';
import { createSiteState, type SiteState } from './site-state.ts';

let heard: unknown[];
let complaints: string[];
let state: SiteState;

beforeEach(() => {
  heard = [];
  complaints = [];
  const logger: Logger = {
    ...silent,
    warn: (_, message) => void complaints.push(message),
    error: (_, message) => void complaints.push(message),
  };
  state = createSiteState({
    site: 'edge-a',
    logger,
    listener: {
      served: (tenant, service, major, api?: GuardedApi) =>
        heard.push(['served', tenant, service, major, api?.source.manifest.version]),
      account: (publicKey, jwt) => heard.push(['account', publicKey, jwt]),
      callers: (tenant, site, shard, known) => heard.push(['callers', tenant, site, shard, known]),
      rekey: (rekey) => heard.push(['rekey', rekey]),
      tenant: (tenant, account) => heard.push(['tenant', tenant, account]),
      user: (tenant, role, user) => heard.push(['user', tenant, role, user.id]),
      revision: (revision, changes) =>
        heard.push([
          'revision',
          revision,
          changes.map(({ event, service, api }) => `${event} ${service} ${api.service}.v${api.major}`),
        ]),
      visible: (revision, changes) =>
        heard.push(['visible', revision, changes.map(({ event, service }) => `${event} ${service}`)]),
    },
  });
});

const key = `A${'B'.repeat(55)}`;

function served(version: string) {
  const endpoints = { latest: { request: true, reply: true } };
  return {
    tenant: 'acme',
    manifest: { kind: 'api', service: 'quotes', version, endpoints },
    routes: { 'edge-a': { named: 'n', any: 'a' } },
    rules: [],
  };
}

function visible(service: string, version = '1.0.0', sites = ['edge-a']): DiscoveredApi {
  return { service, major: 1, version, sites, endpoints: {} };
}

describe('entries', () => {
  test('site state - an API that the site serves comes, changes and goes', () => {
    state.apply('serve.acme.quotes.v1', served('1.0.0'));
    expect(state.served('acme', 'quotes', 1)?.source.manifest.version).toBe('1.0.0');
    expect(state.served('acme', 'quotes', 2)).toBeUndefined();
    expect(state.served('other', 'quotes', 1)).toBeUndefined();
    state.apply('serve.acme.quotes.v1', served('1.1.0'));
    state.apply('serve.acme.quotes.v1', undefined);
    expect(state.served('acme', 'quotes', 1)).toBeUndefined();
    expect(heard).toEqual([
      ['served', 'acme', 'quotes', 1, '1.0.0'],
      ['served', 'acme', 'quotes', 1, '1.1.0'],
      ['served', 'acme', 'quotes', 1, undefined],
    ]);
  });

  test('site state - claims and users are passed on; that they are deleted asks for nothing', () => {
    state.apply(`account.${key}`, { jwt: 'e.y.J' });
    state.apply('user.acme.gateway', { id: 'u1', jwt: 'e.y.J' });
    state.apply(`account.${key}`, undefined);
    state.apply('user.acme.gateway', undefined);
    expect(heard).toEqual([
      ['account', key, 'e.y.J'],
      ['user', 'acme', 'gateway', 'u1'],
    ]);
    expect(complaints).toEqual([]);
  });

  test.each([{ ...served('1.0.0'), rules: 'all' }, { ...served('1.0.0'), backdoor: true }, null])(
    'site state - rules that cannot be read may be a deny: the API is not served until they can',
    (value) => {
      state.apply('serve.acme.quotes.v1', served('1.0.0'));
      heard.length = 0;
      state.apply('serve.acme.quotes.v1', value);
      expect(complaints).toEqual(['rules of an API do not fit their schema; it is not served until they do']);
      expect(heard).toEqual([['served', 'acme', 'quotes', 1, undefined]]);
      expect(state.served('acme', 'quotes', 1)).toBeUndefined();
      state.apply('serve.acme.quotes.v1', served('1.1.0'));
      expect(state.served('acme', 'quotes', 1)?.source.manifest.version).toBe('1.1.0');
    },
  );

  test.each([
    ['see.acme.desk', { apis: [{ service: 'quotes' }] }],
    [`account.${key}`, { jwt: 7 }],
    ['user.acme.leaf', { jwt: 'e.y.J' }],
    ['revision', { revision: '9' }],
    ['revision', undefined],
  ])('site state - a bad entry under %s is said, and what stood stays', (at, value) => {
    state.apply('serve.acme.quotes.v1', served('1.0.0'));
    state.apply('see.acme.desk', { apis: [visible('quotes')] });
    state.apply('revision', { revision: 5 });
    heard.length = 0;
    state.apply(at, value);
    expect(complaints).toEqual(['compiled entry does not fit its schema; ignored']);
    expect(heard).toEqual([]);
    expect(state.served('acme', 'quotes', 1)?.source.manifest.version).toBe('1.0.0');
    expect(state.visible('acme', 'desk').apis).toHaveLength(1);
    expect(state.revision).toBe(5);
  });

  test.each(['', 'serve', 'serve.acme.quotes', 'policy.acme.x', 'see.any.desk', 'revision.x'])(
    'site state - a key %j of an unknown kind is ignored, and said',
    (at) => {
      state.apply(at, { anything: true });
      expect(complaints).toEqual(['compiled key of an unknown kind; ignored']);
      expect(heard).toEqual([]);
    },
  );
});

describe('what services see', () => {
  test('site state - what changed for a service is told with the revision, not before', () => {
    state.apply('see.acme.desk', { apis: [visible('quotes'), visible('orders')] });
    expect(heard).toEqual([]);
    expect(state.visible('acme', 'desk').changedAt).toBe(Number.POSITIVE_INFINITY);
    state.apply('revision', { revision: 4 });
    expect(heard).toEqual([['revision', 4, ['published desk quotes.v1', 'published desk orders.v1']]]);
    expect(state.visible('acme', 'desk').changedAt).toBe(4);
    heard.length = 0;

    state.apply('see.acme.desk', { apis: [visible('quotes', '1.1.0'), visible('risk')] });
    state.apply('see.acme.other', { apis: [visible('risk')] });
    state.apply('revision', { revision: 6 });
    expect(heard).toEqual([
      [
        'revision',
        6,
        [
          'changed desk quotes.v1',
          'published desk risk.v1',
          'withdrawn desk orders.v1',
          'published other risk.v1',
        ],
      ],
    ]);
  });

  test('site state - a deleted entry withdraws all that the service saw, and stays known', () => {
    state.apply('see.acme.desk', { apis: [visible('quotes')] });
    state.apply('revision', { revision: 4 });
    state.apply('see.acme.desk', undefined);
    state.apply('revision', { revision: 5 });
    expect(heard.at(-1)).toEqual(['revision', 5, ['withdrawn desk quotes.v1']]);
    expect(state.visible('acme', 'desk')).toMatchObject({ apis: [], changedAt: 5 });
  });

  test('site state - the same once more is no change, and the revision of the last one stays', () => {
    state.apply('see.acme.desk', { apis: [visible('quotes')] });
    state.apply('revision', { revision: 4 });
    state.apply('see.acme.desk', { apis: [visible('quotes')] });
    state.apply('revision', { revision: 9 });
    expect(heard.at(-1)).toEqual(['revision', 9, []]);
    expect(state.visible('acme', 'desk').changedAt).toBe(4);
  });

  test('site state - another site, or another order of sites, is a change', () => {
    state.apply('see.acme.desk', { apis: [visible('quotes', '1.0.0', ['edge-a', 'cloud'])] });
    state.apply('revision', { revision: 1 });
    state.apply('see.acme.desk', { apis: [visible('quotes', '1.0.0', ['cloud', 'edge-a'])] });
    state.apply('revision', { revision: 2 });
    expect(heard.at(-1)).toEqual(['revision', 2, ['changed desk quotes.v1']]);
  });

  test('site state - instances that come and go elsewhere are told at once, within the revision', () => {
    state.apply('see.acme.desk', { apis: [visible('quotes', '1.0.0', ['edge-b', 'cloud'])] });
    state.apply('revision', { revision: 3 });
    state.apply('idle.acme', { apis: { 'quotes.v1': ['edge-b'] } });
    expect(heard.at(-1)).toEqual(['visible', 3, ['changed desk']]);
    const { apis, changedAt } = state.visible('acme', 'desk');
    expect(apis[0]).toMatchObject({ sites: ['cloud', 'edge-b'], idle: ['edge-b'] });
    // Whoever asks for what is new since revision 3 is given it.
    expect(changedAt).toBe(Number.POSITIVE_INFINITY);
    state.apply('idle.acme', { apis: { 'quotes.v1': 'edge-b' } });
    expect(complaints).toHaveLength(1);
    state.apply('idle.acme', undefined);
    expect(heard.at(-1)).toEqual(['visible', 3, ['changed desk']]);
    state.available('acme', 'quotes', 1, false);
    expect(state.visible('acme', 'desk').apis[0]?.sites).toEqual(['edge-b', 'cloud']);
  });

  test('site state - a service that nothing is known of sees nothing, as of now', () => {
    state.apply('revision', { revision: 7 });
    expect(state.visible('acme', 'nobody')).toMatchObject({ apis: [], changedAt: 7 });
  });
});

describe('a stream that was made anew', () => {
  beforeEach(() => {
    state.apply('serve.acme.quotes.v1', served('1.0.0'));
    state.apply('serve.acme.orders.v1', {
      ...served('1.0.0'),
      manifest: { ...served('1.0.0').manifest, service: 'orders' },
    });
    state.apply('see.acme.desk', { apis: [visible('quotes')] });
    state.apply('revision', { revision: 7 });
    heard.length = 0;
    state.restart();
  });

  test('site state - all that was known stays in force until the tables are here', () => {
    expect(state.keys.size).toBe(4);
    state.apply('serve.acme.quotes.v1', served('1.1.0'));
    expect(heard).toEqual([['served', 'acme', 'quotes', 1, '1.1.0']]);
    expect(state.served('acme', 'orders', 1)).toBeDefined();
    expect(state.visible('acme', 'desk').apis).toHaveLength(1);
  });

  test('site state - what has not come again is void with the next revision, be it the same', () => {
    state.apply('serve.acme.quotes.v1', served('1.0.0'));
    heard.length = 0;
    state.apply('revision', { revision: 7 });
    expect(heard).toEqual([
      ['served', 'acme', 'orders', 1, undefined],
      ['revision', 7, ['withdrawn desk quotes.v1']],
    ]);
    expect([...state.keys].sort()).toEqual(['revision', 'serve.acme.quotes.v1']);
    // A service that knows revision 7 does not know this.
    expect(state.visible('acme', 'desk').changedAt).toBe(Number.POSITIVE_INFINITY);
    heard.length = 0;
    state.apply('revision', { revision: 8 });
    expect(heard).toEqual([['revision', 8, []]]);
    expect(state.visible('acme', 'desk').changedAt).toBe(8);
  });
});
