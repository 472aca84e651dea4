import { createKeys } from '@causeway/identity';
import type { StreamMessage } from '@causeway/nats-server';
import { connectNats } from '@causeway/transport';
import { type AdminClient, type ClientPorts, hubAddress } from '../admin/client.ts';
import { briefly, type ConsoleReading, type Grant, startReading } from './reading.ts';

export type { ConsoleReading } from './reading.ts';

/** An ops console: hears records and counters at the hub, and can do nothing else. */
export interface Console {
  /** Calls back for each block message, from the console's start on, until `stop`. */
  readAudit(onMessage: (message: StreamMessage) => void): ConsoleReading;
  /** Calls back for each counter message likewise. */
  readFlow(onMessage: (message: StreamMessage) => void): ConsoleReading;
  /** Public keys that may sign a gateway's blocks. */
  keysOf(site: string, gateway: string): readonly string[];
  /** Last block of each chain of administrators' acts, `site/gateway/tenant`, as of the console's opening. */
  readonly actChains: ReadonlyMap<string, number>;
  /** Resolves when `condition` holds, or after some seconds in any case. */
  until(condition: () => boolean): Promise<void>;
  /** Stops what is still read. */
  close(): Promise<void>;
}

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
  const readings = new Set<ConsoleReading>();

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
  let unused = true;

  function read(kind: 'audit' | 'flow', onMessage: (message: StreamMessage) => void): ConsoleReading {
    // What waits was counted when it was opened: where that was nothing, something may wait by now.
    const usable = kind === 'audit' && unused && (options.from === 'now' || first.reply.pending.audit > 0);
    if (usable) unused = false;
    const reading = startReading({
      kind,
      first: usable ? first : undefined,
      start: first.reply.start,
      open,
      release,
      onMessage,
      ports,
    });
    readings.add(reading);
    return {
      caughtUp: reading.caughtUp,
      async stop() {
        readings.delete(reading);
        await reading.stop();
      },
    };
  }

  return {
    readAudit: (onMessage) => read('audit', onMessage),
    readFlow: (onMessage) => read('flow', onMessage),
    actChains: new Map(
      Object.entries(first.reply.acts ?? {}).map(([tenant, seq]) => [`cloud/registry/${tenant}`, seq]),
    ),
    keysOf: (site, gateway) => first.reply.signers[`${site}.${gateway}`] ?? [],
    async until(condition) {
      const end = ports.clock.monotonic() + untilMs;
      while (!condition() && ports.clock.monotonic() < end) {
        await new Promise<void>((resolve) => ports.clock.after(pollMs, resolve));
      }
    },
    async close() {
      await Promise.all([...readings].map((reading) => reading.stop()));
      await briefly(ports.clock, Promise.all([...grants].map(release)));
    },
  };
}
