import { decodeJwt } from '@causeway/identity';
import type { Connection, Hub } from '../hub/hub.ts';

/** A user with more connections than one may have. */
export interface Crowd {
  readonly user: string;
  readonly count: number;
  readonly most: number;
  /** Those that came last. */
  readonly excess: readonly Connection[];
}

/** One user may have this part of what its account may have. */
const share = 4;

/**
 * Users of an account that take more than their share of its connections at the hub. nats-server limits an account, not
 * its users; so that one service's credentials cannot keep all others of its tenant out, users are counted once an
 * account is half full.
 */
export async function findCrowds(options: {
  hub: Pick<Hub, 'connectionCount' | 'connections'>;
  /** Public key of the account. */
  account: string;
  /** Its claims. */
  jwt: string;
}): Promise<Crowd[]> {
  const { hub, account, jwt } = options;
  const limit = (decodeJwt(jwt).nats.limits as { conn?: number } | undefined)?.conn ?? -1;
  if (limit <= 0 || (await hub.connectionCount(account)) < limit / 2) return [];
  const most = Math.max(1, Math.floor(limit / share));
  const byUser = new Map<string, Connection[]>();
  for (const connection of await hub.connections(account)) {
    const ofUser = byUser.get(connection.user) ?? [];
    byUser.set(connection.user, ofUser);
    ofUser.push(connection);
  }
  return [...byUser]
    .filter(([, connections]) => connections.length > most)
    .map(([user, connections]) => ({
      user,
      count: connections.length,
      most,
      excess: [...connections].sort((a, b) => a.cid - b.cid).slice(most),
    }));
}
