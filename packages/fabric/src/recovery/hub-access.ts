import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startNatsServer } from '@causeway/nats-server';
import type { Clock, Logger, Random } from '@causeway/protocol';
import { connectNats, type NatsConnection } from '@causeway/transport';
import { fabricLayout } from '../layout.ts';
import { serverOf } from '../parts/parts.ts';
import { readHub, siteUrl } from '../settings.ts';
import { whileChanging } from '../up/changing.ts';
import { endLeftovers } from '../up/leftovers.ts';
import { lockHolder, takeLock } from '../up/lock.ts';
import { requireOwnFolder } from '../up/own-folder.ts';
import { requireNoParts } from '../up/part-lock.ts';
import { takenPorts } from '../up/ports.ts';
import { createProcessTable } from '../up/processes.ts';

/** What work on a fabric's folder is given from outside. */
export interface RecoveryPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Finds the nats-server program, where one has to be started. */
  readonly findServer: () => Promise<string>;
  /** Said before each step that may take a while. */
  readonly onProgress: (text: string) => void;
}

/** The hub, as the registry reaches it. */
export interface HubAccess {
  /** Connects with credentials of the registry's folder: `registry.creds`, `ops.creds`, `system.creds`. */
  connect(credentials: string): Promise<NatsConnection>;
}

/** Runs a change of the folder while the fabric is down and stays so. Throws a FabricError where any of it runs. */
export async function whileDown<T>(
  dir: string,
  ports: Pick<RecoveryPorts, 'clock'>,
  work: () => Promise<T>,
): Promise<T> {
  const layout = fabricLayout(dir);
  await requireOwnFolder(dir);
  return whileChanging(layout, async () => {
    const release = await takeLock(
      layout.lock,
      (holder) => `this fabric is up, as process ${holder}; end it first with causeway down`,
    );
    try {
      await requireNoParts(layout);
      await endLeftovers(layout, ports.clock);
      return await work();
    } finally {
      await release();
    }
  });
}

/**
 * Runs something with the hub's server: the one that runs, or one that is started for it and ended again. The fabric's
 * lock must be held, or held by `up`.
 */
export async function withHub<T>(
  dir: string,
  ports: RecoveryPorts,
  work: (hub: HubAccess) => Promise<T>,
): Promise<T> {
  const { clock, random, logger, findServer, onProgress } = ports;
  const layout = fabricLayout(dir);
  const site = await readHub(dir);
  const connections: NatsConnection[] = [];
  let end: () => Promise<unknown> = () => Promise.resolve();
  const holder = await lockHolder(layout.lock);
  // Under `up`, or `run hub`, it may be starting again at this very moment.
  const isUp = holder !== undefined && holder !== process.pid;
  if (!isUp && (await takenPorts([site])).length === 0) {
    onProgress('starting the hub for this');
    // Listed as one of `up` is: where this process is killed, the next one ends it.
    const processes = createProcessTable(layout.processes);
    const server = await startNatsServer({
      ...{ binary: await findServer(), clock, log: logger },
      ...serverOf(dir, site),
      onSpawn: (pid) => processes.set(`server ${site.site}`, pid),
    });
    end = async () => {
      await server.stop();
      await processes.remove();
    };
  }
  try {
    const ca = await readFile(layout.ca, 'utf8');
    return await work({
      async connect(credentials) {
        const connection = await connectNats({
          servers: siteUrl(site),
          ca,
          credentials: path.join(layout.registry, credentials),
          inboxPrefix: credentials === 'system.creds' ? '_INBOX.sys' : '_INBOX.cloud.registry',
          name: `recovery ${credentials}`,
          random,
          logger,
        });
        connections.push(connection);
        return connection;
      },
    });
  } finally {
    await Promise.allSettled(connections.map((connection) => connection.close()));
    await end();
  }
}
