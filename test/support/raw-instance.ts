import { systemClock } from '@causeway/transport';
import type { Msg, NatsConnection } from 'nats';
import type { TestFabric } from './fabric.ts';
import { rawClient } from './raw-client.ts';
import { until } from './until.ts';

const renewMs = 2_000;

/** An instance of a service without the SDK: it answers whatever its test wants. */
export interface RawInstance {
  readonly connection: NatsConnection;
  /** What is done with each request from now on; nothing at first. */
  onRequest: (message: Msg) => void;
  close(): Promise<void>;
}

/** Registers an instance `one` of a service, and keeps its lease until it is closed. */
export async function rawInstance(
  fabric: TestFabric,
  site: string,
  manifest: { service: string },
): Promise<RawInstance> {
  const { service } = manifest;
  const connection = await rawClient(
    fabric,
    site,
    await fabric.identity(site, service),
    `_INBOX.${site}.${service}`,
  );
  let stopRenewing = () => {};
  const instance: RawInstance = {
    connection,
    onRequest: () => {},
    close() {
      stopRenewing();
      return connection.close();
    },
  };
  connection.subscribe(`serve.${site}.${service}.one.>`, {
    callback: (_error, message) => instance.onRequest(message),
  });
  const body = JSON.stringify({ protocol: 1, instance: 'one', apis: [manifest] });
  const register = () => connection.request(`registry.${site}.${service}.register`, body, { timeout: 5_000 });
  await until(`${service} is registered`, async () => (await register()).json<{ lease?: number }>().lease);
  // Also for a test that takes longer than its lease.
  stopRenewing = systemClock.every(renewMs, () => void register().catch(() => {}));
  return instance;
}
