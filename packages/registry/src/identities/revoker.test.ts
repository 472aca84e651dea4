import { CausewayError, documentKeys, type Site } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { accountOf, memoryDocuments, serviceOf, siteOf } from '../test-support.ts';
import { createRevoker } from './revoker.ts';
import type { Voiding } from './voiding.ts';

const unchanged: Voiding = {
  inTurn: (change) => change(),
  tenant: async (account) => account,
  control: async () => ({ kind: 'control', publicKey: 'A', jwt: '' }),
  inForce: async () => {},
};

test('revoker - of a site that is removed all keys are kept that ever signed its blocks', async () => {
  const lost: Site = { ...siteOf('edge-a'), gateways: { 'gw-1': ['U1'] } };
  const restored: Site = { ...lost, gateways: { 'gw-2': ['U2', 'U3'] }, retired: lost.gateways };
  const store = memoryDocuments([siteOf('cloud'), restored]);
  const cut: string[] = [];
  const revoker = createRevoker({
    store,
    voiding: unchanged,
    cutOff: (site) => void cut.push(site),
    lastWord: async () => {},
  });
  await revoker.removeSite('edge-a', false);
  expect(cut).toEqual(['edge-a']);
  expect(store.all.sites.map(({ name }) => name)).toEqual(['cloud']);
  expect(store.get(documentKeys.formerSite('edge-a'))).toMatchObject({
    gateways: { 'gw-1': ['U1'], 'gw-2': ['U2', 'U3'] },
  });
  // And with those of one that bore its name later.
  await store.put([{ ...lost, gateways: { 'gw-1': ['U4'] } }]);
  await revoker.removeSite('edge-a', false);
  expect(store.formerSites).toMatchObject([{ gateways: { 'gw-1': ['U1', 'U4'], 'gw-2': ['U2', 'U3'] } }]);
});

test('revoker - tenants that were taken away from a site before it was removed can verify their records, too', async () => {
  const store = memoryDocuments([siteOf('cloud'), { ...siteOf('edge-a'), formerTenants: ['globex'] }]);
  const revoker = createRevoker({ store, voiding: unchanged, cutOff: () => {}, lastWord: async () => {} });
  await revoker.removeSite('edge-a', false);
  expect(store.formerSites).toMatchObject([{ tenants: ['globex', 'acme'] }]);
});

test('revoker - a site is revoked although a tenant changes its documents all the time', async () => {
  const store = memoryDocuments([
    siteOf('cloud'),
    { ...siteOf('edge-a'), leaf: 'UL' },
    accountOf('acme'),
    serviceOf('desk', 'edge-a'),
  ]);
  let changes = 0;
  const busy = async () => {
    if (++changes > 20) throw new Error('it is begun anew for ever');
    await store.put([{ ...serviceOf('desk', 'edge-a'), labels: { n: String(changes) } }]);
  };
  const voiding: Voiding = {
    ...unchanged,
    tenant: async (account) => busy().then(() => account),
    control: async () => busy().then(() => ({ kind: 'control', publicKey: 'A', jwt: '' })),
  };
  const revoker = createRevoker({ store, voiding, cutOff: () => {}, lastWord: async () => {} });
  expect(await revoker.site('edge-a')).toMatchObject({ keys: 4, services: 1 });
  expect(store.get(documentKeys.site('edge-a'))).toMatchObject({ revoked: true });
  expect(store.all.services).toMatchObject([{ keys: [], labels: { n: '2' } }]);
});

test('revoker - an identity is revoked although its labels change all the time, and somebody else is faster once', async () => {
  const store = memoryDocuments([siteOf('cloud'), accountOf('acme'), serviceOf('desk', 'cloud')]);
  let changes = 0;
  const tenant: Voiding['tenant'] = async (account) => {
    if (++changes > 20) throw new Error('it is begun anew for ever');
    await store.put([{ ...serviceOf('desk', 'cloud'), labels: { n: String(changes) } }]);
    if (changes === 1)
      store.fail(new CausewayError('CONFLICT', 'someone else changed a document in between'));
    return account;
  };
  const voiding: Voiding = { ...unchanged, tenant };
  const revoker = createRevoker({ store, voiding, cutOff: () => {}, lastWord: async () => {} });
  expect(await revoker.service({ tenant: 'acme', site: 'cloud', service: 'desk' })).toMatchObject({
    keys: 1,
  });
  expect(store.all.services).toMatchObject([{ keys: [], labels: { n: '2' } }]);
});
