import type { Site } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { accountOf, memoryDocuments, siteOf } from '../test-support.ts';
import { foundingChanges } from './founding.ts';
import type { AnyDocument } from './store.ts';

const bootstrap = (sites: Site[], ...tenants: string[]) => ({
  sites,
  accounts: tenants.map((tenant) => accountOf(tenant) as Extract<AnyDocument, { kind: 'account' }>),
});
const withOther = (site: Site): Site => ({ ...site, tenants: { ...site.tenants, other: { gateway: 'U' } } });

test('founding - an empty bucket takes all, and then nothing more', async () => {
  const store = memoryDocuments();
  const first = bootstrap([siteOf('cloud'), siteOf('edge-a')], 'acme');
  expect(foundingChanges(first, store)).toEqual([...first.sites, ...first.accounts]);
  await store.put(foundingChanges(first, store));
  expect(foundingChanges(first, store)).toEqual([]);
});

test('founding - a tenant that was added comes to the sites; what stands there is kept', async () => {
  const standing: Site = { ...siteOf('edge-a'), gateways: { 'gw-2': ['U2'] } };
  const store = memoryDocuments([standing, accountOf('acme')]);
  const later = bootstrap([withOther(siteOf('edge-a'))], 'acme', 'other');
  expect(foundingChanges(later, store)).toEqual([withOther(standing), accountOf('other')]);
});

test('founding - what was removed or revoked is not brought back', async () => {
  const store = memoryDocuments([
    { ...siteOf('edge-a'), revoked: true },
    siteOf('edge-b'),
    accountOf('acme'),
  ]);
  await store.put([], ['site.any.edge-b']);
  const later = bootstrap([withOther(siteOf('edge-a')), withOther(siteOf('edge-b'))], 'acme');
  expect(foundingChanges(later, store)).toEqual([]);
});
