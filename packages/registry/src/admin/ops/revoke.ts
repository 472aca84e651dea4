import {
  accountLimits,
  addRevocations,
  decodeJwt,
  type Issued,
  issueAccount,
  publicKeyOf,
  type Revocations,
} from '@causeway/identity';
import {
  type AccountDocument,
  CausewayError,
  type Clock,
  documentKeys,
  type RevokeReply,
  type RevokeRequest,
  type Service,
} from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import type { Keyring } from '../../config.ts';
import type { DocumentStore } from '../../documents/store.ts';
import type { AccountClaims } from '../../hub/account-claims.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** revoke: voids all keys of a service, everywhere, and cuts its connections. */
export function revokeOperation(options: {
  store: DocumentStore;
  compiler: Compiler;
  keyring: Keyring;
  claims: AccountClaims;
  clock: Clock;
}) {
  const { store, compiler, keyring, claims, clock } = options;
  let queue: Promise<unknown> = Promise.resolve();

  /** What stands now, or INVALID_REQUEST. */
  function standing(tenant: string, site: string, service: string) {
    const identity = store.get(documentKeys.service(tenant, site, service));
    const account = store.get(documentKeys.account(tenant));
    if (identity?.kind !== 'service' || account?.kind !== 'account') {
      throw new CausewayError('INVALID_REQUEST', `there is no identity ${tenant}/${site}/${service}`);
    }
    return { identity, account };
  }

  /** The account's claims with the keys of the service void. */
  function voided(identity: Service, account: AccountDocument): Promise<Issued> {
    const { tenant } = identity;
    const { iat, nats } = decodeJwt(account.jwt);
    const before = (nats.revocations as Revocations | undefined) ?? {};
    const keys = identity.keys.map((publicKey) => ({ publicKey }));
    return issueAccount(
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
        revocations: addRevocations(before, keys, clock.now()),
        now: clock.now(),
        previousIat: iat,
      },
      keyring.operator,
    );
  }

  async function revoke({ tenant, site, service }: RevokeRequest): Promise<RevokeReply> {
    for (;;) {
      const { identity, account } = standing(tenant, site, service);
      const { jwt } = await voided(identity, account);
      const now = standing(tenant, site, service);
      // A key was issued meanwhile: it is to be void too.
      if (now.identity !== identity || now.account !== account) continue;
      // The document first: what is in it is pushed and compiled again until it is in force (`startReconciling`).
      await store.put([
        { ...account, jwt },
        { ...identity, keys: [] },
      ]);
      // Each on its own: where the hub does not answer the sites must be told all the same, and the other way round.
      const [pushed, compiled] = await Promise.allSettled([claims.push(), compiler.run()]);
      for (const outcome of [pushed, compiled]) if (outcome.status === 'rejected') throw outcome.reason;
      return { revision: store.revision, keys: identity.keys.length };
    }
  }

  return operation({
    request: 'RevokeRequest',
    run(request, by): Promise<RevokeReply> {
      requireScope(by, request.tenant);
      // One after the other: claims that do not hold the revocation before them would undo it.
      const done = queue.then(() => revoke(request));
      queue = done.catch(() => {});
      return done;
    },
  });
}
