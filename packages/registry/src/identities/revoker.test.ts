import { documentKeys, type Site } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { memoryDocuments, siteOf } from '../test-support.ts';
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
