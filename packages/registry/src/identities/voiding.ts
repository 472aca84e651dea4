import {
  accountLimits,
  addRevocations,
  decodeJwt,
  issueAccount,
  type Revocations,
  renewAccount,
  type SigningKeys,
  signingKeysOf,
} from '@causeway/identity';
import { type AccountDocument, CausewayError, type Clock, documentKeys } from '@causeway/protocol';
import type { Compiler } from '../compile/compiler.ts';
import type { Bootstrap, Keyring } from '../config.ts';
import type { ClaimsHint } from '../control/claims-hint.ts';
import type { ControlDocument, DocumentStore } from '../documents/store.ts';
import type { AccountClaims } from '../hub/account-claims.ts';

/** Makes keys void, in the claims of the accounts whose users they are. */
export interface Voiding {
  /** One change of claims after the other: claims that do not hold the revocation before them would undo it. */
  inTurn<T>(change: () => Promise<T>): Promise<T>;
  /** A tenant's account with these keys void as well; users signed by those in `signing`, where it is given. */
  tenant(account: AccountDocument, keys: readonly string[], signing?: SigningKeys): Promise<AccountDocument>;
  /** CONTROL with these keys void as well; users of the roles in `signing` signed by those. */
  control(keys: readonly string[], signing?: SigningKeys): Promise<ControlDocument>;
  /**
   * Brings what was stored into force at the hub and at the sites. Rejects where either does not take it yet. An account
   * in `hold` is left out at the hub: it comes into force with the next call, or the next time that is looked (5 s).
   */
  inForce(hold?: readonly string[]): Promise<void>;
}

/**
 * What was signed while this machine's clock was ahead by so many seconds is void as well: one that was put back since must
 * not let those in who were told to be out.
 */
const skewSeconds = 120;

/** The second until which what was issued to a key is void; undefined where it never was revoked. */
export function voidUntil(accountJwt: string, key: string): number | undefined {
  return (decodeJwt(accountJwt).nats.revocations as Revocations | undefined)?.[key];
}

/** Tables are compiled so many ms after claims went out, or when the hub has taken them. */
const aheadMs = 20;

/** Creates it. Claims that it makes are in force once they are stored and `inForce` was called. */
export function createVoiding(options: {
  store: DocumentStore;
  compiler: Compiler;
  keyring: Keyring;
  claims: AccountClaims;
  hint: ClaimsHint;
  bootstrap: Pick<Bootstrap, 'control' | 'controlJwt'>;
  clock: Clock;
}): Voiding {
  const { store, compiler, keyring, claims, hint, bootstrap, clock } = options;
  let queue: Promise<unknown> = Promise.resolve();

  const withVoid = (jwt: string, keys: readonly string[]) => {
    const before = (decodeJwt(jwt).nats.revocations as Revocations | undefined) ?? {};
    const now = clock.now();
    const until = Math.floor(now / 1_000) + skewSeconds;
    return addRevocations(
      before,
      // One that was issued again since its revocation may bear the second after it.
      keys.map((publicKey) => ({ publicKey, iat: Math.max(until, (before[publicKey] ?? 0) + 1) })),
      now,
    );
  };

  return {
    inTurn(change) {
      const done = queue.then(change);
      queue = done.catch(() => {});
      return done;
    },
    async tenant(account, keys, signing = signingKeysOf(account.jwt)) {
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
          signingKeys: signing,
          limits: accountLimits('tenant', { sites: store.all.sites.length }),
          revocations: withVoid(account.jwt, keys),
          now: clock.now(),
          previousIat: decodeJwt(account.jwt).iat,
        },
        keyring.operator,
      );
      return { ...account, jwt };
    },
    async control(keys, signing) {
      const standing = store.get(documentKeys.control);
      const before = standing?.kind === 'control' ? standing.jwt : bootstrap.controlJwt;
      if (before === undefined) {
        throw new CausewayError(
          'INVALID_REQUEST',
          'an earlier Causeway founded this fabric, and left the registry no claims of CONTROL: bring sites/cloud/nats to ' +
            'the registry’s folder, and start it again',
        );
      }
      const renewal = {
        revocations: withVoid(before, keys),
        now: clock.now(),
        ...(signing === undefined ? {} : { signingKeys: signing }),
      };
      const { jwt } = await renewAccount(before, renewal, keyring.operator);
      const signers = standing?.kind === 'control' ? standing.signers : undefined;
      return { kind: 'control', publicKey: bootstrap.control, jwt, ...(signers ? { signers } : {}) };
    },
    async inForce(hold) {
      hint.tell();
      const pushing = claims.push(hold);
      // Compiling keeps this process busy, and what is void is to be cut first.
      await Promise.race([
        pushing.catch(() => {}),
        new Promise<void>((resolve) => clock.after(aheadMs, resolve)),
      ]);
      // Each on its own: where the hub does not answer the sites must be told all the same, and the other way round.
      const [pushed, compiled] = await Promise.allSettled([pushing, compiler.run()]);
      for (const outcome of [pushed, compiled]) if (outcome.status === 'rejected') throw outcome.reason;
    },
  };
}
