import {
  accountLimits,
  addRevocations,
  decodeJwt,
  issueAccount,
  publicKeyOf,
  type Revocations,
  renewAccount,
} from '@causeway/identity';
import { type AccountDocument, CausewayError, type Clock, documentKeys } from '@causeway/protocol';
import type { Compiler } from '../compile/compiler.ts';
import type { Bootstrap, Keyring } from '../config.ts';
import type { ControlDocument, DocumentStore } from '../documents/store.ts';
import type { AccountClaims } from '../hub/account-claims.ts';

/** Makes keys void, in the claims of the accounts whose users they are. */
export interface Voiding {
  /** One change of claims after the other: claims that do not hold the revocation before them would undo it. */
  inTurn<T>(change: () => Promise<T>): Promise<T>;
  /** A tenant's account with these keys void as well. */
  tenant(account: AccountDocument, keys: readonly string[]): Promise<AccountDocument>;
  /** CONTROL with these keys void as well. */
  control(keys: readonly string[]): Promise<ControlDocument>;
  /** Brings what was stored into force at the hub and at the sites. Rejects where either does not take it yet. */
  inForce(): Promise<void>;
}

/** Creates it. Claims that it makes are in force once they are stored and `inForce` was called. */
export function createVoiding(options: {
  store: DocumentStore;
  compiler: Compiler;
  keyring: Keyring;
  claims: AccountClaims;
  bootstrap: Pick<Bootstrap, 'control' | 'controlJwt'>;
  clock: Clock;
}): Voiding {
  const { store, compiler, keyring, claims, bootstrap, clock } = options;
  let queue: Promise<unknown> = Promise.resolve();

  const withVoid = (jwt: string, keys: readonly string[]) => {
    const before = (decodeJwt(jwt).nats.revocations as Revocations | undefined) ?? {};
    return addRevocations(
      before,
      // One that was issued again within the second of its revocation bears the next one.
      keys.map((publicKey) => {
        const revoked = before[publicKey];
        return revoked === undefined ? { publicKey } : { publicKey, iat: revoked + 1 };
      }),
      clock.now(),
    );
  };

  return {
    inTurn(change) {
      const done = queue.then(change);
      queue = done.catch(() => {});
      return done;
    },
    async tenant(account, keys) {
      const { name } = account;
      if (account.removed) {
        throw new CausewayError(
          'CONFLICT',
          `tenant ${name} is being removed; causeway tenant remove ${name} completes it`,
        );
      }
      const { jwt } = await issueAccount(
        {
          kind: 'tenant',
          name,
          publicKey: account.publicKey,
          signingKeys: {
            service: publicKeyOf(keyring.signer(name, 'service')),
            gateway: publicKeyOf(keyring.signer(name, 'gateway')),
            leaf: publicKeyOf(keyring.signer(name, 'leaf')),
          },
          limits: accountLimits('tenant', { sites: store.all.sites.length }),
          revocations: withVoid(account.jwt, keys),
          now: clock.now(),
          previousIat: decodeJwt(account.jwt).iat,
        },
        keyring.operator,
      );
      return { ...account, jwt };
    },
    async control(keys) {
      const standing = store.get(documentKeys.control);
      const before = standing?.kind === 'control' ? standing.jwt : bootstrap.controlJwt;
      if (before === undefined) {
        throw new CausewayError(
          'INVALID_REQUEST',
          'an earlier Causeway founded this fabric, and left the registry no claims of CONTROL: bring sites/cloud/nats to ' +
            'the registry’s folder, and start it again',
        );
      }
      const renewal = { revocations: withVoid(before, keys), now: clock.now() };
      const { jwt } = await renewAccount(before, renewal, keyring.operator);
      return { kind: 'control', publicKey: bootstrap.control, jwt };
    },
    async inForce() {
      // Each on its own: where the hub does not answer the sites must be told all the same, and the other way round.
      const [pushed, compiled] = await Promise.allSettled([claims.push(), compiler.run()]);
      for (const outcome of [pushed, compiled]) if (outcome.status === 'rejected') throw outcome.reason;
    },
  };
}
