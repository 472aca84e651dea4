import { createKeys } from '@causeway/identity';
import { parseDelivery, type StreamMessage } from '@causeway/nats-server';
import type { ConsoleReply } from '@causeway/protocol';
import { connectNats, type NatsConnection } from '@causeway/transport';
import { type AdminClient, type ClientPorts, hubAddress } from '../admin/client.ts';

/** An ops console: hears records and counters at the hub, and can do nothing else. */
export interface Console {
  /** Calls back for each block message, from the console's start on, until `stop`. */
  readAudit(onMessage: (message: StreamMessage) => void): ConsoleReading;
  /** Calls back for each counter message likewise. */
  readFlow(onMessage: (message: StreamMessage) => void): ConsoleReading;
  /** Public keys that may sign a gateway's blocks. */
  keysOf(site: string, gateway: string): readonly string[];
  /** Resolves when `condition` holds, or after some seconds in any case. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** A reading under way. */
export interface ConsoleReading {
  /** Resolves when everything that was stored at its start has been read; rejects where it cannot be read. */
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}

/** What the registry made for a console: an ops user, whose inbox the messages come to. */
interface Grant {
  readonly reply: ConsoleReply;
  readonly inbox: string;
  readonly connection: NatsConnection;
}

const retryMs = 500;
const pollMs = 50;
/** Counters may be collected a little before the records that they count. */
const untilMs = 5_000;

/** Opens a console for a tenant, or for all (`any`). Its keys are made here and are gone with it. */
export async function openConsole(
  dir: string,
  admin: AdminClient,
  options: { readonly tenant: string; readonly from: 'beginning' | 'now' },
  ports: ClientPorts,
): Promise<Console> {
  const hub = await hubAddress(dir);
  const grants = new Set<Grant>();

  /** A user of its own for each reading: what was delivered once does not come again. */
  async function open(after?: number): Promise<Grant> {
    const keys = createKeys('user', ports.random);
    const where = after === undefined ? { from: options.from } : { after };
    const reply = await admin.console({ key: keys.publicKey, tenant: options.tenant, ...where });
    const inbox = `_INBOX.ops.${options.tenant}.${reply.name}`;
    const connection = await connectNats({
      servers: hub.url,
      ca: hub.ca,
      credentials: { jwt: reply.jwt, seed: keys.seed },
      inboxPrefix: inbox,
      name: `console ${reply.name}`,
      random: ports.random,
      logger: ports.logger,
    });
    const grant = { reply, inbox, connection };
    grants.add(grant);
    return grant;
  }

  async function release(grant: Grant): Promise<void> {
    grants.delete(grant);
    await grant.connection.close();
  }

  const first = await open();
  // What waits was counted when it was opened: only to hear what comes from then on is it still good later.
  let unused = options.from === 'now';

  function read(kind: 'audit' | 'flow', onMessage: (message: StreamMessage) => void): ConsoleReading {
    const caughtUp = Promise.withResolvers<void>();
    caughtUp.promise.catch(() => {});
    let position: number | undefined;
    let stopped = false;
    let interrupt = () => {};

    /** Hears what comes until it is stopped, or something has been missed. */
    function follow(grant: Grant): Promise<void> {
      return new Promise((resolve) => {
        let delivered = 0;
        const end = () => {
          subscription.unsubscribe();
          resolve();
        };
        interrupt = end;
        if (grant.reply.pending[kind] === 0) caughtUp.resolve();
        const subscription = grant.connection.subscribe(`${grant.inbox}.${kind}`, {
          callback: (_error, message) => {
            const delivery = parseDelivery(message.reply);
            delivered += 1;
            if (!delivery || delivery.delivery !== delivered) return end();
            position = delivery.sequence;
            onMessage({
              subject: message.subject,
              headers: message.headers,
              data: message.data,
              sequence: delivery.sequence,
              time: delivery.time,
              pending: delivery.pending,
            });
            if (delivery.pending === 0) caughtUp.resolve();
          },
        });
        void (async () => {
          for await (const { type } of grant.connection.status()) if (type === 'disconnect') return end();
        })();
      });
    }

    async function run(): Promise<void> {
      let grant: Grant | undefined = unused && kind === 'audit' ? first : undefined;
      if (grant) unused = false;
      while (!stopped) {
        try {
          // Counters come as they stand, all of them; records go on behind the last.
          grant ??= await open(kind === 'audit' ? position : undefined);
          await follow(grant);
        } catch (error) {
          if (position === undefined) throw error;
          ports.logger.warn({ err: error }, 'console interrupted; trying again');
          await new Promise<void>((resolve) => ports.clock.after(retryMs, resolve));
        }
        if (grant && grant !== first) await release(grant);
        grant = undefined;
      }
    }
    const running = run().catch((error: unknown) => caughtUp.reject(error));

    return {
      caughtUp: caughtUp.promise,
      async stop() {
        stopped = true;
        interrupt();
        await running;
      },
    };
  }

  return {
    readAudit: (onMessage) => read('audit', onMessage),
    readFlow: (onMessage) => read('flow', onMessage),
    keysOf: (site, gateway) => first.reply.signers[`${site}.${gateway}`] ?? [],
    async until(condition) {
      const end = ports.clock.monotonic() + untilMs;
      while (!condition() && ports.clock.monotonic() < end) {
        await new Promise<void>((resolve) => ports.clock.after(pollMs, resolve));
      }
    },
    async close() {
      await Promise.all([...grants].map(release));
    },
  };
}
