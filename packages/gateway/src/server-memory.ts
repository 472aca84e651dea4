import type { BeatRequest, Clock, Logger } from '@causeway/protocol';
import { type NatsConnection, PermissionViolationError } from 'nats';

/** Resident bytes of a process, and how many milliseconds ago. */
type Memory = NonNullable<BeatRequest['memory']>;

/** What the site's server says of its memory, asked now and then. */
export interface ServerMemory {
  /** Undefined before the first answer. */
  current(): Memory | undefined;
  close(): void;
}

/** In the cloud the registry asks the hub's server itself. */
export const noServerMemory: ServerMemory = { current: () => undefined, close() {} };

const everyMs = 10_000;
/** A fabric that was founded before this right was there: its gateways are refused for as long as they run. */
const refusedMs = 600_000;
const timeoutMs = 2_000;

/** Asks on a connection of the gateway's system user, from now on. */
export function watchServerMemory(options: {
  connection: Pick<NatsConnection, 'request'>;
  site: string;
  clock: Clock;
  logger: Logger;
}): ServerMemory {
  const { connection, site, clock, logger } = options;
  let known: { rss: number; at: number } | undefined;
  let cancel = () => {};
  let closed = false;

  async function ask(): Promise<void> {
    let next = everyMs;
    try {
      const reply = await connection.request('$SYS.REQ.SERVER.PING.STATSZ', '', { timeout: timeoutMs });
      const { server, statsz } = reply.json<{ server?: { name?: unknown }; statsz?: { mem?: unknown } }>();
      if (server?.name === site && Number.isSafeInteger(statsz?.mem)) {
        known = { rss: statsz?.mem as number, at: clock.monotonic() };
      }
    } catch (err) {
      // While the server is away the figure grows old, as it should. The client wraps what the server says.
      if ((err as Error).cause instanceof PermissionViolationError) {
        next = refusedMs;
        logger.info({ err, site }, 'the server does not tell its memory');
      }
    }
    if (!closed) cancel = clock.after(next, () => void ask());
  }
  void ask();

  return {
    current: () => known && { rss: known.rss, age: Math.round(clock.monotonic() - known.at) },
    close() {
      closed = true;
      cancel();
    },
  };
}
