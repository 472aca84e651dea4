import type { Clock, Logger } from '@causeway/protocol';
import type { NatsConnection } from 'nats';
import { openRecorder, type Recorder } from './recorder.ts';
import { readUncounted } from './recovery.ts';
import { openStores } from './stores.ts';

/** The recorders of all tenants at a gateway. */
export interface Recorders {
  of(tenant: string): Recorder;
  /** Stream sequence through which a tenant's blocks are in the counters; 0 for an unknown tenant. */
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
  // What the process before had sent when it ended may still be on its way into the counters.
  const watermarks = new Map<string, number>();
  for (const tenant of tenants) {
    const flow = stores.flow(tenant);
    const settled = async () => flow.settled(await flow.countedThrough());
    watermarks.set(tenant, await patiently('watermark', settled));
  }
  const uncounted = await patiently('own blocks', () =>
    readUncounted({ connection, stream: streams.audit, consumer: gateway, watermarks, clock, logger }),
  );
  const recorders = new Map<string, Recorder>();
  for (const tenant of tenants) {
    const recorder = await patiently('chain', () =>
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
    recorders.set(tenant, recorder);
  }
  const all = () => [...recorders.values()];
  return {
    of(tenant) {
      const recorder = recorders.get(tenant);
      if (!recorder) throw new Error(`no recorder for tenant ${tenant}`);
      return recorder;
    },
    countedThrough: (tenant) => recorders.get(tenant)?.countedThrough ?? 0,
    async flush() {
      await Promise.all(all().map((recorder) => recorder.flush()));
    },
    close() {
      for (const recorder of all()) recorder.close();
    },
  };
}
