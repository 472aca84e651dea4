import { callerShard, compiledKeys, type KnownCallers, type Service } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callerEntries, indexCallers } from './compile-callers.ts';

const service = (tenant: string, site: string, name: string, valid = true): Service => ({
  ...{ kind: 'service', tenant, site, name },
  keys: valid ? [`U${'A'.repeat(55)}`] : [],
});
const serves = (tenant: string, ...sites: string[]) => ({
  tenant,
  routes: Object.fromEntries(sites.map((site) => [site, { named: '', any: '' }])),
});

it('callers - a site is told who there is at the sites that it admits calls from, and at no others', () => {
  const index = indexCallers([
    service('acme', 'edge-a', 'desk'),
    service('acme', 'edge-b', 'desk'),
    service('acme', 'edge-c', 'desk'),
    service('other', 'edge-b', 'desk'),
    service('acme', 'edge-b', 'gone', false),
  ]);
  const table = new Map([
    ['serve.acme.quotes.v1', serves('acme', 'edge-a', 'edge-b')],
    ['serve.acme.orders.v1', serves('acme', 'edge-a', 'edge-b')],
    ['see.acme.desk', {}],
  ] as [string, unknown][]);
  const entries = callerEntries(table, 'edge-a', index);
  const found = [...entries].flatMap(([key, { names, revoked = [] }]) => [
    ...names.map((name) => `${key} ${name}`),
    ...revoked.map((name) => `${key} ${name} revoked`),
  ]);
  const at = (name: string) => compiledKeys.callers('acme', 'edge-b', callerShard(name));
  expect(found.sort()).toEqual([`${at('desk')} desk`, `${at('gone')} gone revoked`].sort());
});

it('callers - of any identities each is in the shard of its name, once; their order does not count', () => {
  const name = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 200 }), (names) => {
      const services = names.map((each) => service('acme', 'edge-b', each));
      const shards = indexCallers(services).get('acme/edge-b') ?? new Map<string, KnownCallers>();
      expect([...shards.values()].flatMap((known) => known.names).sort()).toEqual([...names].sort());
      for (const [shard, known] of shards)
        for (const each of known.names) expect(callerShard(each)).toBe(shard);
      expect(indexCallers(services.toReversed())).toEqual(indexCallers(services));
    }),
  );
});
