import {
  accountLimits,
  addRevocations,
  decodeJwt,
  issueAccount,
  publicKeyOf,
  type Revocations,
} from '@causeway/identity';
import { CausewayError, type Clock, documentKeys, type RevokeReply, type Service } from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import type { Keyring } from '../../config.ts';
import type { DocumentStore } from '../../documents/store.ts';
import type { Hub } from '../../hub/hub.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** revoke: voids all keys of a service, everywhere, and cuts its connections. */
export function revokeOperation(options: {
  store: DocumentStore;
  compiler: Compiler;
  keyring: Keyring;
  hub: Hub;
  clock: Clock;
}) {
  const { store, compiler, keyring, hub, clock } = options;
  return operation({
    request: 'RevokeRequest',
    async run({ tenant, site, service }, by): Promise<RevokeReply> {
      requireScope(by, tenant);
      const identity = store.get(documentKeys.service(tenant, site, service));
      const account = store.get(documentKeys.account(tenant));
      if (identity?.kind !== 'service' || account?.kind !== 'account') {
        throw new CausewayError('INVALID_REQUEST', `there is no identity ${tenant}/${site}/${service}`);
      }
      const claims = decodeJwt(account.jwt);
      const before = (claims.nats.revocations as Revocations | undefined) ?? {};
      const issued = await issueAccount(
        {
          kind: 'tenant',
          name: tenant,
          publicKey: account.publicKey,
          signingKeys: {
            service: publicKeyOf(keyring.signer(tenant, 'service')),
            gateway: publicKeyOf(keyring.signer(tenant, 'gateway')),
            leaf: publicKeyOf(keyring.signer(tenant, 'leaf')),
          },
          limits: accountLimits('tenant', { sites: store.all.sites.length }),
          revocations: addRevocations(
            before,
            identity.keys.map((publicKey) => ({ publicKey })),
            clock.now(),
          ),
          now: clock.now(),
          previousIat: claims.iat,
        },
        keyring.operator,
      );
      // The document first: a registry that ends here pushes the claims when it starts again.
      const emptied: Service = { ...identity, keys: [] };
      await store.put([{ ...account, jwt: issued.jwt }, emptied]);
      await hub.pushClaims(issued.jwt);
      await compiler.run();
      return { revision: store.revision, keys: identity.keys.length };
    },
  });
}
