import {
  type AccountDocument,
  CausewayError,
  type Clock,
  documentKeys,
  type Logger,
  type RotateServiceRequest,
  type Service,
} from '@causeway/protocol';
import { type AnyDocument, type DocumentStore, keyOf } from '../documents/store.ts';
import { type Signers, signedBy } from './signers.ts';
import type { UserIssuer } from './user-issuer.ts';
import { type Voiding, voidUntil } from './voiding.ts';

/** Replaces keys of services: the new one counts at once, those before it until their time has come. */
export interface Retirement {
  /**
   * Signs a new key, and sets a time to all others. Throws INVALID_REQUEST where there is no such identity, or it has
   * the key already.
   */
  replace(request: RotateServiceRequest): Promise<{ jwt: string; retiring: Record<string, number> }>;
  close(): void;
}

const everyMs = 500;
/** Identities whose keys become void in one change. */
const atOnce = 400;

/**
 * Creates it. What is due stands in the documents, so that a registry that was killed goes on where it was; a key whose time
 * has come while there was none becomes void at its start.
 */
export function createRetirement(options: {
  store: DocumentStore;
  voiding: Voiding;
  users: Pick<UserIssuer, 'service'>;
  signers: Pick<Signers, 'replaced'>;
  clock: Clock;
  logger: Logger;
}): Retirement {
  const { store, voiding, users, signers, clock, logger } = options;
  let running = false;
  let failing = false;

  function standing({ tenant, site, service }: RotateServiceRequest): Service {
    const identity = store.get(documentKeys.service(tenant, site, service));
    if (identity?.kind === 'service' && identity.keys.length > 0) return identity;
    const wanted = `${tenant}/${site}/${service}`;
    const why = identity ? `${wanted} was revoked` : `there is no identity ${wanted}`;
    throw new CausewayError('INVALID_REQUEST', `${why}; causeway service add makes credentials`, {
      pointer: '/service',
    });
  }

  async function replace(request: RotateServiceRequest) {
    const { tenant, site, service, key, grace } = request;
    if (standing(request).keys.includes(key)) {
      throw new CausewayError('INVALID_REQUEST', `${key} is a key of ${service} already; make a new one`, {
        pointer: '/key',
      });
    }
    const account = accountOf(tenant);
    const after = account && voidUntil(account.jwt, key);
    const jwt = await users.service(tenant, site, service, key, after);
    const at = Math.round(clock.now() + grace);
    // Read and written with nothing in between, or a registration of the same moment would be lost.
    const identity = standing(request);
    const retiring = Object.fromEntries(
      identity.keys.map((each) => [each, Math.min(at, identity.retiring?.[each] ?? at)]),
    );
    const keys = [...identity.keys, key];
    await store.put([{ ...identity, ...signedBy(signers, identity, key), keys, retiring }]);
    return { jwt, retiring };
  }

  const dueOf = ({ keys, retiring = {} }: Service) =>
    keys.filter((key) => (retiring[key] ?? Number.POSITIVE_INFINITY) <= clock.now());

  function accountOf(tenant: string): AccountDocument | undefined {
    const account = store.get(documentKeys.account(tenant));
    return account?.kind === 'account' ? account : undefined;
  }

  /** Voids what is due of one tenant: its claims and its identities change together. */
  async function retire(tenant: string): Promise<void> {
    const account = accountOf(tenant);
    const due = store.all.services
      .filter((service) => service.tenant === tenant && dueOf(service).length > 0)
      .slice(0, atOnce);
    // Of a tenant that is being removed all keys are void.
    if (!account || account.removed || due.length === 0) return;
    const gone = new Set(due.flatMap(dueOf));
    const changed: AnyDocument[] = [await voiding.tenant(account, [...gone])];
    // They changed meanwhile: the next time that is looked. What else did is no matter: there may be no end of that.
    const same = (each: AnyDocument) => store.get(keyOf(each)) === each;
    if (![account, ...due].every(same)) return;
    for (const { retiring = {}, signers: signed = {}, ...service } of due) {
      const left = Object.entries(retiring).filter(([key]) => !gone.has(key));
      const keys = service.keys.filter((key) => !gone.has(key));
      changed.push({
        ...service,
        keys,
        ...ofKeys(signed, keys),
        ...(left.length > 0 ? { retiring: Object.fromEntries(left) } : {}),
      });
    }
    await store.put(changed);
    await voiding.inForce();
    logger.info({ tenant, keys: gone.size }, 'keys that were replaced are void');
  }

  async function retireAll(): Promise<void> {
    running = true;
    try {
      const tenants = new Set(
        store.all.services.filter((each) => dueOf(each).length > 0).map(({ tenant }) => tenant),
      );
      for (const tenant of tenants) await voiding.inTurn(() => retire(tenant));
      failing = false;
    } catch (err) {
      if (!failing) logger.warn({ err }, 'keys that were replaced are not void yet; trying again');
      failing = true;
    } finally {
      running = false;
    }
  }

  const stop = clock.every(everyMs, () => {
    if (!running) void retireAll();
  });
  return { replace: (request) => voiding.inTurn(() => replace(request)), close: stop };
}

/** Who signed for the keys that are left. */
function ofKeys(signers: NonNullable<Service['signers']>, keys: readonly string[]): Pick<Service, 'signers'> {
  const left = Object.entries(signers).filter(([key]) => keys.includes(key));
  return left.length > 0 ? { signers: Object.fromEntries(left) } : {};
}
