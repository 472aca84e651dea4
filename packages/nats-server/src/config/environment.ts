import { confString } from './to-conf.ts';

/** What one server's configuration takes from its environment (`nats-config/hub.conf`, `edge.conf`). */
export interface ServerSettings {
  /** Name of the site: server name and JetStream domain. */
  readonly site: string;
  /** At an edge: a name of its own that nobody can guess. */
  readonly cluster?: string;
  /** Public key of the server's own system account. */
  readonly systemAccount: string;
  /** Address that clients, and at the hub leaf nodes, are accepted on. */
  readonly listenHost: string;
  readonly clientPort: number;
  /** At the hub only. */
  readonly leafPort?: number;
  /** Address of the monitoring pages; they ask for no credentials, so a loopback address. Default 127.0.0.1. */
  readonly monitorHost?: string;
  readonly monitorPort: number;
  /** Bytes of disk for all streams together. */
  readonly maxFileBytes: number;
}

function number(what: string, value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${what} must be a whole number, got ${value}`);
  return String(value);
}

/**
 * The variables that the server configurations name, written as the configuration language reads them
 * (strings quoted). Contains nothing else: the caller adds what the process needs besides.
 */
export function serverEnvironment(settings: ServerSettings): Record<string, string> {
  return {
    SITE: confString(settings.site),
    ...(settings.cluster === undefined ? {} : { CLUSTER: confString(settings.cluster) }),
    SYSTEM_ACCOUNT: confString(settings.systemAccount),
    LISTEN_HOST: confString(settings.listenHost),
    CLIENT_PORT: number('clientPort', settings.clientPort),
    ...(settings.leafPort === undefined ? {} : { LEAF_PORT: number('leafPort', settings.leafPort) }),
    MONITOR: confString(
      `${settings.monitorHost ?? '127.0.0.1'}:${number('monitorPort', settings.monitorPort)}`,
    ),
    JETSTREAM_MAX_FILE: number('maxFileBytes', settings.maxFileBytes),
  };
}
