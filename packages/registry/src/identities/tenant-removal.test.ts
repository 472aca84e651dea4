import type { AccountDocument } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { accountOf, memoryDocuments, serviceOf, siteOf } from '../test-support.ts';
import { createTenantRemoval } from './tenant-removal.ts';

const around = {
  keyring: { operator: '', queueSecret: '', signer: () => '', add: async () => {}, remove: async () => {} },
  strike: async () => {},
  removed: async () => {},
  clock: { now: () => 0 } as never,
};

test('tenant removal - of one that goes nothing stays but its name', async () => {
  const set = (tenant: string) => ({ kind: 'set' as const, tenant, name: 'git', members: [] });
  const store = memoryDocuments([
    siteOf('cloud'),
    { ...accountOf('acme'), removed: true } as AccountDocument,
    serviceOf('desk', 'cloud'),
    set('acme'),
    set('globex'),
  ]);
  const removal = createTenantRemoval({
    ...around,
    store,
    voiding: {
      inTurn: (change) => change(),
      tenant: () => Promise.reject(new Error('all are void already')),
      control: () => Promise.reject(new Error('not of CONTROL')),
      inForce: async () => {},
    },
  });
  await removal.fromFabric('acme', true);
  expect(store.all.services).toEqual([]);
  expect(store.sets).toEqual([set('globex')]);
  expect(store.accounts).toEqual([]);
  expect(store.formerAccounts).toMatchObject([{ name: 'acme' }]);
});

test('tenant removal - a tenant leaves a site although another changes its documents all the time', async () => {
  const store = memoryDocuments([siteOf('cloud'), siteOf('edge-a'), accountOf('acme')]);
  let changes = 0;
  const removal = createTenantRemoval({
    ...around,
    store,
    voiding: {
      inTurn: (change) => change(),
      async tenant(account: AccountDocument) {
        if (++changes > 20) throw new Error('it is begun anew for ever');
        await store.put([
          { ...serviceOf('desk', 'cloud'), tenant: 'globex', labels: { n: String(changes) } },
        ]);
        return account;
      },
      control: () => Promise.reject(new Error('not of CONTROL')),
      inForce: async () => {},
    },
  });
  expect(await removal.fromSite('acme', 'edge-a', false)).toMatchObject({ keys: 2 });
  expect(store.all.sites.find(({ name }) => name === 'edge-a')).toMatchObject({ formerTenants: ['acme'] });
});
