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

/** A leaf link with what the other end listens for. Of links that bear one key the older one has the lower `cid`. */
export interface LinkInterest {
  /** Id of the hub's server that holds the link, and the connection's number there. */
  readonly server: string;
  readonly cid: number;
  /** Public key of the account. */
  readonly account: string;
  /** Subjects as they were subscribed to; a name that the other end gave itself is not here, since it may be any. */
  readonly subjects: readonly string[];
}

/** A connection of an account, links among them. */
export interface Connection {
  readonly server: string;
  readonly cid: number;
  /** Public key of the user. */
  readonly user: string;
}

/** What the registry may do to the hub's server, as a user of its system account. */
export interface Hub {
  /** Puts claims in force; rejects with the server's reason. */
  pushClaims(jwt: string): Promise<void>;
  links(): Promise<LeafLink[]>;
  /** Every leaf link with its interest. */
  interest(): Promise<LinkInterest[]>;
  /** The user of a connection; undefined where it is gone. */
  userOf(connection: Pick<Connection, 'server' | 'cid'>): Promise<string | undefined>;
  /** How many connections an account has. */
  connectionCount(account: string): Promise<number>;
  /** All connections of an account, oldest first at each server. */
  connections(account: string): Promise<Connection[]>;
  /** Cuts one connection; it may come back. */
  kick(connection: Pick<Connection, 'server' | 'cid'>): Promise<void>;
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
/** Connections that are asked for at once; each comes with its JWT. */
const pageSize = 256;

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

  interface Connz {
    total?: number;
    connections?: { cid: number; authorized_user?: string; jwt?: string }[];
  }

  async function kick({ server, cid }: Pick<Connection, 'server' | 'cid'>): Promise<void> {
    const body = JSON.stringify({ cid });
    await connection.request(`$SYS.REQ.SERVER.${server}.KICK`, body, { timeout: timeoutMs });
  }

  return {
    kick,
    async interest() {
      interface Leafz {
        leafs?: { id?: number; account?: string; subscriptions_list?: string[] }[];
      }
      const replies = await askAll<Leafz>('LEAFZ', { subscriptions: true });
      return replies.flatMap(({ server, data }) =>
        (data?.leafs ?? []).map(({ id = 0, account = '', subscriptions_list: subjects = [] }) => ({
          server: server.id,
          cid: id,
          account,
          subjects,
        })),
      );
    },
    async userOf({ server, cid }) {
      const body = JSON.stringify({ auth: true, cid });
      const reply = await connection.request(`$SYS.REQ.SERVER.${server}.CONNZ`, body, { timeout: timeoutMs });
      return reply.json<ServerReply<Connz>>().data?.connections?.[0]?.authorized_user;
    },
    async connectionCount(account) {
      const replies = await askAll<Connz>('CONNZ', { acc: account, limit: 1 });
      return replies.reduce((sum, { data }) => sum + (data?.total ?? 0), 0);
    },
    async connections(account) {
      const found: Connection[] = [];
      for (let offset = 0; ; offset += pageSize) {
        const replies = await askAll<Connz>('CONNZ', { auth: true, acc: account, offset, limit: pageSize });
        for (const { server, data } of replies) {
          for (const { cid, authorized_user: user = '' } of data?.connections ?? []) {
            found.push({ server: server.id, cid, user });
          }
        }
        if (replies.every(({ data }) => (data?.connections?.length ?? 0) < pageSize)) return found;
      }
    },
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
      const replies = await askAll<Connz>('CONNZ', { auth: true, acc: account, user: publicKey });
      let count = 0;
      for (const { server, data } of replies) {
        for (const { cid, jwt: brought } of data?.connections ?? []) {
          // What it came with counts, not when: a link may come back with its old credentials just before the
          // new ones are in their file, and two that were issued within a second bear the same time.
          if (brought === jwt) continue;
          await kick({ server: server.id, cid });
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
