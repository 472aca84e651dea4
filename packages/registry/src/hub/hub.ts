import type { Logger } from '@causeway/protocol';
import { type NatsConnection, PermissionViolationError } from 'nats';

/** A leaf link as the hub's server sees it. */
export interface LeafLink {
  /** The server at the other end: its name is its site's. */
  readonly site: string;
  /** Public key of the account, or its name. */
  readonly account: string;
  readonly roundTrip: string | undefined;
}

/** What the registry may do to the hub's server, as a user of its system account. */
export interface Hub {
  /** Puts claims in force; rejects with the server's reason. */
  pushClaims(jwt: string): Promise<void>;
  links(): Promise<LeafLink[]>;
  /** Resident bytes of the hub's server, of a cluster's the greatest; undefined where it does not tell. */
  memory(): Promise<number | undefined>;
  /**
   * Cuts the connections of a user, leaf links too, that came with other credentials than these, which were issued
   * to it last: they come back with them. Resolves with how many were cut.
   */
  cut(account: string, publicKey: string, jwt: string): Promise<number>;
}

interface ServerReply<T> {
  readonly server: { readonly id: string };
  readonly data?: T;
  /** Where STATSZ was asked for. */
  readonly statsz?: { readonly mem?: number };
  readonly error?: { readonly description?: string };
}

const timeoutMs = 2_000;

/** Uses a connection of the registry's user in the hub's system account. */
export function createHub(connection: NatsConnection, logger: Logger): Hub {
  let mayNotAsk = false;

  /** Asks every server of the hub's cluster: the first answer opens the wait for the others. */
  async function askAll<T>(what: string, body: object): Promise<ServerReply<T>[]> {
    const replies: ServerReply<T>[] = [];
    const messages = await connection.requestMany(`$SYS.REQ.SERVER.PING.${what}`, JSON.stringify(body), {
      strategy: 'stall',
      stall: 100,
      maxWait: timeoutMs,
    });
    for await (const message of messages) replies.push(message.json<ServerReply<T>>());
    return replies;
  }

  return {
    async pushClaims(jwt) {
      const reply = await connection.request('$SYS.REQ.CLAIMS.UPDATE', jwt, { timeout: timeoutMs });
      const { error } = reply.json<{ error?: { description?: string } }>();
      if (error) throw new Error(`the hub refused account claims: ${error.description}`);
    },
    async links() {
      interface Leafz {
        leafs?: { name?: string; account?: string; rtt?: string }[];
      }
      const replies = await askAll<Leafz>('LEAFZ', {});
      return replies.flatMap((reply) =>
        (reply.data?.leafs ?? []).map((leaf) => ({
          site: leaf.name ?? '',
          account: leaf.account ?? '',
          roundTrip: leaf.rtt,
        })),
      );
    },
    async memory() {
      if (mayNotAsk) return undefined;
      try {
        const replies = await askAll<never>('STATSZ', {});
        const figures = replies.map(({ statsz }) => statsz?.mem ?? 0).filter(Number.isSafeInteger);
        return Math.max(0, ...figures) || undefined;
      } catch (err) {
        // A fabric that was founded before this right was there.
        mayNotAsk = err instanceof PermissionViolationError;
        logger.info({ err }, 'the hub does not tell its memory');
        return undefined;
      }
    },
    async cut(account, publicKey, jwt) {
      interface Connz {
        connections?: { cid: number; jwt?: string }[];
      }
      const replies = await askAll<Connz>('CONNZ', { auth: true, acc: account, user: publicKey });
      let count = 0;
      for (const { server, data } of replies) {
        for (const { cid, jwt: brought } of data?.connections ?? []) {
          // What it came with counts, not when: a link may come back with its old credentials just before the
          // new ones are in their file, and two that were issued within a second bear the same time.
          if (brought === jwt) continue;
          const body = JSON.stringify({ cid });
          await connection.request(`$SYS.REQ.SERVER.${server.id}.KICK`, body, { timeout: timeoutMs });
          logger.info(
            { account, user: publicKey, cid },
            'connection cut; it comes back with its new credentials',
          );
          count += 1;
        }
      }
      return count;
    },
  };
}
