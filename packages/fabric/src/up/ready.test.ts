import type { StatusReply } from '@causeway/protocol';
import { describe, expect, test } from 'vitest';
import { ailments } from './ready.ts';

const sites = ['cloud', 'edge-a'];
const gateway = { name: 'gw-1', alive: true, revision: 5, seen: 10, instances: 0 };

function status(change: Partial<StatusReply> = {}): StatusReply {
  return {
    revision: 5,
    sites: sites.map((name) => ({ name, wanted: 5, gateways: [gateway] })),
    links: ['CONTROL', 'acme'].map((account) => ({ site: 'edge-a', account })),
    ...change,
  };
}

const found = (change: Partial<StatusReply>) => ailments(status(change), sites, ['acme']);

function withGateway(change: object): Partial<StatusReply> {
  return {
    sites: sites.map((name) => ({
      name,
      wanted: 5,
      gateways: [{ ...gateway, ...(name === 'edge-a' ? change : {}) }],
    })),
  };
}

describe('ailments', () => {
  test('ailments - a fabric with all links, gateways and revisions has none', () => {
    expect(found({})).toEqual([]);
    // A site may be ahead of what concerns it, and know nothing where nothing concerns it.
    expect(found(withGateway({ revision: 9 }))).toEqual([]);
    const fresh = {
      sites: sites.map((name) => ({ name, wanted: 0, gateways: [{ ...gateway, revision: null }] })),
    };
    expect(found(fresh)).toEqual([]);
  });

  test.each([
    [
      'a link that is missing',
      { links: [{ site: 'edge-a', account: 'acme' }] },
      'site edge-a has no link for CONTROL',
    ],
    ['a gateway that is silent', withGateway({ alive: false }), 'gateway edge-a/gw-1 is not heard of'],
    ['a gateway that lags', withGateway({ revision: 4 }), 'gateway edge-a/gw-1 has revision 4 of 5'],
    [
      'a gateway that has nothing',
      withGateway({ revision: null }),
      'gateway edge-a/gw-1 has revision none of 5',
    ],
    [
      'a site that is not known',
      { sites: status().sites.slice(0, 1) },
      'site edge-a is not known to the registry',
    ],
  ])('ailments - %s is named', (_, change, text) => {
    expect(found(change as Partial<StatusReply>)).toEqual([text]);
  });

  test('ailments - each link of each tenant is needed; the cloud has none', () => {
    expect(ailments(status({ links: [] }), sites, ['acme', 'beta'])).toEqual([
      'site edge-a has no link for CONTROL',
      'site edge-a has no link for acme',
      'site edge-a has no link for beta',
    ]);
  });
});
