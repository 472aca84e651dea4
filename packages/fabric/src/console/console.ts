import { createKeys } from '@causeway/identity';
import { readFromStart, type StreamMessage } from '@causeway/nats-server';
import { connectNats } from '@causeway/transport';
import { type AdminClient, type ClientPorts, hubAddress } from '../admin/client.ts';

/** An ops console: reads records and counters at the hub, and can do nothing else. */
export interface Console {
  /** Calls back for each block message, from the consumer's start on, until `stop`. */
  readAudit(onMessage: (message: StreamMessage) => void): ConsoleReading;
  /** Calls back for each counter message likewise. */
  readFlow(onMessage: (message: StreamMessage) => void): ConsoleReading;
  /** Public keys that may sign a gateway's blocks. */
  keysOf(site: string, gateway: string): readonly string[];
  close(): Promise<void>;
}

/** A reading under way. */
export interface ConsoleReading {
  /** Resolves when everything that was stored at its start has been read. */
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}

/** Opens a console for a tenant, or for all (`any`). Its key is made here and is gone with it. */
export async function openConsole(
  dir: string,
  admin: AdminClient,
  options: { readonly tenant: string; readonly from: 'beginning' | 'now' },
  ports: ClientPorts,
): Promise<Console> {
  const keys = createKeys('user', ports.random);
  const { jwt, name, next, signers } = await admin.console({ key: keys.publicKey, ...options });
  const hub = await hubAddress(dir);
  const inboxPrefix = `_INBOX.ops.${options.tenant}.${name}`;
  const connection = await connectNats({
    servers: hub.url,
    ca: hub.ca,
    credentials: { jwt, seed: keys.seed },
    inboxPrefix,
    name: `console ${name}`,
    random: ports.random,
    logger: ports.logger,
  });

  const read = (stream: 'AUDIT' | 'FLOW', from: number, onMessage: (message: StreamMessage) => void) =>
    readFromStart({
      connection,
      stream,
      consumer: `ops-${name}`,
      inboxPrefix,
      clock: ports.clock,
      log: ports.logger,
      from,
      onMessage,
    });

  return {
    readAudit: (onMessage) => read('AUDIT', next, onMessage),
    readFlow: (onMessage) => read('FLOW', 1, onMessage),
    keysOf: (site, gateway) => signers[`${site}.${gateway}`] ?? [],
    close: () => connection.close(),
  };
}
