import { expect, test } from 'vitest';
import { accountOf, memoryDocuments, siteOf } from '../test-support.ts';
import { tenantPresence } from './tenant-presence.ts';

test('tenant presence - of one that was removed the last records are collected, and nothing else is done', () => {
  const presence = tenantPresence(
    memoryDocuments([
      siteOf('cloud'),
      { ...siteOf('edge-a'), formerTenants: ['left'] },
      { ...siteOf('edge-b'), revoked: true },
      accountOf('acme'),
      { kind: 'former-account', name: 'left', publicKey: 'A', jwt: '' },
    ]),
  );
  const at = (name: string) =>
    ['acme', 'left', 'any', 'other'].map((tenant) => [
      presence.isPresent(tenant, name),
      presence.mayRecord(tenant, name),
    ]);
  expect(at('edge-a')).toEqual([
    [true, true],
    [false, true],
    [false, false],
    [false, false],
  ]);
  expect(at('cloud')).toEqual([
    [true, true],
    [false, true],
    [false, true],
    [false, false],
  ]);
  expect(at('edge-b')[0]).toEqual([false, true]);
  expect(at('nowhere').flat()).not.toContain(true);
});
