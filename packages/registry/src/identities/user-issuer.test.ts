import { createKeys, decodeJwt, maxHosts } from '@causeway/identity';
import { compiledKeys } from '@causeway/protocol';
import { systemRandom } from '@causeway/transport';
import { expect, test } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { serviceOf, siteOf } from '../test-support.ts';
import { createUserIssuer } from './user-issuer.ts';

test('user issuer - more services than a user can name leave the site with the users that it needs', async () => {
  const { seed } = createKeys('account', systemRandom);
  const account = createKeys('account', systemRandom).publicKey;
  const users = createUserIssuer({
    keyring: { signer: () => seed, replaced: () => undefined },
    accountKey: () => account,
    clock: manualClock(),
    random: systemRandom,
  });
  const keys = () => createKeys('user', systemRandom).publicKey;
  const site = { ...siteOf('edge-a'), tenants: { acme: { gateway: keys(), leaf: keys() } } };
  const services = Array.from({ length: maxHosts + 1 }, (_, n) => ({
    ...serviceOf(`s${n}`, 'edge-a'),
    hosts: [1],
  }));
  const issued = await users.usersOf(site, services, new Map());
  const gateway = issued.get(compiledKeys.user('acme', 'gateway'));
  // With the tag of its site.
  expect(decodeJwt(gateway?.jwt ?? '').nats.tags).toHaveLength(maxHosts + 1);
});
