/** All that a gateway must be told; the rest it learns from its site's copy of `compiled`. */
export interface GatewayConfig {
  readonly site: string;
  /** Name of this replica: one token, unique within the site. */
  readonly gateway: string;
  /** Tenants present at the site when the gateway starts. */
  readonly tenants: readonly string[];
  /** True at the hub: there the streams are the registry's, and there is no link to cross. */
  readonly cloud: boolean;
  /** The site's own NATS server, `tls://host:port`. */
  readonly url: string;
  /** The CA's certificates, PEM text. */
  readonly ca: string;
  /** Folder of this gateway's credentials: gateway.creds, gateway-<tenant>.creds, broker.creds, system.creds. */
  readonly credsDir: string;
  /** Folder of the signing keys of an edge's own accounts; none at the hub. */
  readonly keysDir?: string;
  /** Folder of the server's leaf credentials: <tenant>.leaf.creds; none at the hub. */
  readonly leafCredsDir?: string;
  /** The server's working folder, with the `remotes.conf` of its links; none at the hub. */
  readonly serverDir?: string;
  /** Remembers the tenants of the site for the gateway's next start. */
  readonly saveTenants?: (tenants: readonly string[]) => Promise<void>;
  /** File with the counters that a site which was made again goes on from; taken in once, then removed. */
  readonly carriedCounters?: string;
}

/** Names of the streams a gateway writes to: the cloud's have names of their own (docs/architecture.md, "Streams"). */
export function streamsOf(config: Pick<GatewayConfig, 'cloud'>): {
  audit: string;
  flow: string;
  compiled: string;
} {
  return config.cloud
    ? { audit: 'AUDIT_cloud', flow: 'FLOW_cloud', compiled: 'KV_compiled' }
    : { audit: 'AUDIT', flow: 'FLOW', compiled: 'KV_compiled' };
}
