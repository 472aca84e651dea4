import { createKeys } from '@causeway/identity';
import { systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { doorOf } from './support/doors.ts';
import { knock } from './support/knock.ts';

describe('revocation of a site, while identities are made there', () => {
  let fabric: TestFabric;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a', 'edge-b', 'edge-c'] });
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  it.each(['edge-a', 'edge-b', 'edge-c'])(
    'revocation - no key that was issued at %s before it, with it or after it is valid',
    async (site) => {
      const requests = Array.from({ length: 24 }, (_, at) => ({
        keys: createKeys('user', systemRandom),
        at,
      }));
      const issuing = requests.map(async ({ keys, at }) => {
        const request = { tenant: 'acme', site, service: `late-${at}`, key: keys.publicKey };
        const reply = await fabric.admin.issue(request).catch(() => undefined);
        return reply && { ...keys, jwt: reply.jwt };
      });
      // At once: keys are being written when the revocation looks for those that there are.
      const revoked = await fabric.admin.revokeSite(site).catch(() => fabric.admin.revokeSite(site));
      expect(revoked.keys).toBeGreaterThan(0);
      const door = await doorOf(fabric, 'cloud', 'client');
      const verdicts = new Set<string>();
      for (const pass of await Promise.all(issuing)) if (pass) verdicts.add(await knock(door, pass));
      expect([...verdicts].filter((verdict) => verdict !== 'Authorization Violation')).toEqual([]);
    },
  );
});
