import type { Clock, Logger } from '@causeway/protocol';
import type { NatsConnection } from 'nats';
import { openRecorder, type Recorder } from './recorder.ts';
import { readUncounted } from './recovery.ts';
import { openStores } from './stores.ts';

/** The recorders of all tenants at a gateway. */
export interface Recorders {
  of(tenant: string): Recorder;
  /** Opens the chain of a tenant that came to the site. */
  add(tenant: string): Promise<void>;
  /** Stores and counts all of a tenant that leaves the site; its chain ends here, and goes on where it comes back. */
  remove(tenant: string): Promise<void>;
  /**
   * Stream sequence through which a tenant's blocks are in the counters; Infinity for one that is not at the site: all of
   * what it left here was counted before it was forgotten.
   */
  countedThrough(tenant: string): number;
  flush(): Promise<void>;
  close(): void;
}

/** Opens every tenant's chain where it ended. */
export async function openRecorders(options: {
  connection: NatsConnection;
  site: string;
  gateway: string;
  tenants: readonly string[];
  streams: { audit: string; flow: string };
  sign: (bytes: Uint8Array) => Uint8Array;
  patiently: <T>(what: string, attempt: () => Promise<T>) => Promise<T>;
  clock: Clock;
  logger: Logger;
}): Promise<Recorders> {
  const { connection, site, gateway, tenants, streams, sign, patiently, clock, logger } = options;
  const stores = await patiently('stores', () => openStores({ connection, site, gateway, streams }));
  const recorders = new Map<string, Recorder>();

  async function open(opening: readonly string[]): Promise<void> {
    // What the process before had sent when it ended may still be on its way into the counters.
    const watermarks = new Map<string, number>();
    for (const tenant of opening) {
      const flow = stores.flow(tenant);
      const settled = async () => flow.settled(await flow.countedThrough());
      watermarks.set(tenant, await patiently('watermark', settled));
    }
    const uncounted = await patiently('own blocks', () =>
      readUncounted({ connection, stream: streams.audit, consumer: gateway, watermarks, clock, logger }),
    );
    for (const tenant of opening) recorders.set(tenant, await openOne(tenant, watermarks, uncounted));
  }

  function openOne(
    tenant: string,
    watermarks: ReadonlyMap<string, number>,
    uncounted: Awaited<ReturnType<typeof readUncounted>>,
  ): Promise<Recorder> {
    return patiently('chain', () =>
      openRecorder({
        tenant,
        site,
        gateway,
        stores,
        watermark: watermarks.get(tenant) ?? 0,
        uncounted: uncounted.get(tenant) ?? [],
        sign,
        clock,
        logger: logger.child({ tenant }),
      }),
    );
  }

  await open(tenants);
  const all = () => [...recorders.values()];
  return {
    of(tenant) {
      const recorder = recorders.get(tenant);
      if (!recorder) throw new Error(`no recorder for tenant ${tenant}`);
      return recorder;
    },
    add: (tenant) => (recorders.has(tenant) ? Promise.resolve() : open([tenant])),
    async remove(tenant) {
      const recorder = recorders.get(tenant);
      await recorder?.flush();
      recorder?.close();
      recorders.delete(tenant);
    },
    countedThrough: (tenant) => recorders.get(tenant)?.countedThrough ?? Number.POSITIVE_INFINITY,
    async flush() {
      await Promise.all(all().map((recorder) => recorder.flush()));
    },
    close() {
      for (const recorder of all()) recorder.close();
    },
  };
}
