import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamSource,
} from '@nats-io/jetstream';
import { auditStream, cloudSite, deliverSubject, flowStream, mirrorSubject, streamNames } from './names.ts';

/** A stream as it should be; members left out are the server's to choose. */
export type StreamShape = Partial<StreamConfig> & { readonly name: string };

/** A consumer as it should be. */
export type ConsumerShape = Partial<ConsumerConfig> & { readonly durable_name: string };

/**
 * How large streams may grow, in bytes; -1 is no limit but the account's. Counters and mirrors have none: they
 * hold one message for each subject, and a limit would make room by forgetting the oldest. A limit is space set
 * aside: the server refuses a stream where the sum exceeds its `max_file_store` (`reservedBytes`).
 */
export interface StreamLimits {
  /** A site's own records. When full, nothing more is taken: calls stop there until the cloud has confirmed. */
  readonly siteAuditBytes: number;
  /** All records, at the hub. When full, the sites keep theirs. */
  readonly auditBytes: number;
  readonly documentsBytes: number;
  readonly compiledBytes: number;
  /** Servers that hold a copy of each stream: 1, or 3 in a cluster. */
  readonly replicas: number;
}

/** Fit for one machine. */
export const defaultStreamLimits: StreamLimits = {
  siteAuditBytes: 1024 ** 3,
  auditBytes: -1,
  documentsBytes: 256 * 1024 ** 2,
  compiledBytes: 256 * 1024 ** 2,
  replicas: 1,
};

/** Bytes that these streams set aside. What has no limit comes on top. */
export function reservedBytes(streams: readonly StreamShape[]): number {
  return streams.reduce((sum, { max_bytes: bytes = -1 }) => sum + Math.max(0, bytes), 0);
}

const nanosPerSecond = 1_000_000_000;

function base(limits: StreamLimits) {
  return {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_age: 0,
    num_replicas: limits.replicas,
  };
}

/** A bucket as `@nats-io/kv` makes and opens them, so that both can be used on it. */
function bucket(name: string, history: number, maxBytes: number, limits: StreamLimits): StreamShape {
  return {
    ...base(limits),
    name,
    subjects: [`$KV.${name.slice('KV_'.length)}.>`],
    max_msgs_per_subject: history,
    max_bytes: maxBytes,
    discard: DiscardPolicy.New,
    allow_rollup_hdrs: true,
    allow_direct: true,
    // A change of many keys (one `apply`) is stored as a whole.
    allow_atomic: true,
    deny_delete: true,
    deny_purge: false,
    duplicate_window: 2 * 60 * nanosPerSecond,
  };
}

/**
 * A site's own records. No age limit, and `discard: new`: a block stays until it is purged after the cloud
 * has confirmed it, and a full stream refuses instead of forgetting.
 */
export function siteAudit(site: string, limits: StreamLimits): StreamShape {
  return {
    ...base(limits),
    name: auditStream(site),
    subjects: [`audit.*.${site}.>`],
    max_bytes: limits.siteAuditBytes,
    discard: DiscardPolicy.New,
    allow_direct: true,
    deny_delete: true,
    deny_purge: false,
    // A gateway that lost the acknowledgement sends a block again under the same id.
    duplicate_window: 2 * 60 * nanosPerSecond,
  };
}

/**
 * A site's own counters: the last value of each is all that is kept. That is enough for the cloud, which adds
 * the difference to what it last had of the same source (NATS ADR-49), so nothing is lost over a cut link.
 */
export function siteFlow(site: string, limits: StreamLimits): StreamShape {
  return {
    ...base(limits),
    name: flowStream(site),
    subjects: [`flow.${site}.>`],
    max_msgs_per_subject: 1,
    allow_msg_counter: true,
    allow_atomic: true,
    allow_direct: true,
    deny_delete: true,
    deny_purge: false,
  };
}

/** What the hub takes from one site. Every message is stamped with the site it came from, whatever it says. */
function source(site: string, what: 'AUDIT' | 'FLOW'): StreamSource {
  const name = what === 'AUDIT' ? auditStream(site) : flowStream(site);
  return {
    name,
    ...(site === cloudSite ? {} : { external: { api: `$JS.${site}.API`, deliver: '' } }),
    consumer: { name: site, deliver_subject: deliverSubject(site, what) },
    subject_transforms: [{ src: '>', dest: `from.${site}.>` }],
  };
}

/** All records. No subjects of its own, so nobody can write to it; no duplicate window, so no site can spoil ids. */
export function hubAudit(sites: readonly string[], limits: StreamLimits): StreamShape {
  return {
    ...base(limits),
    name: streamNames.audit,
    sources: sites.map((site) => source(site, 'AUDIT')),
    max_bytes: limits.auditBytes,
    discard: DiscardPolicy.New,
    allow_direct: true,
    deny_delete: true,
    deny_purge: false,
  };
}

/** All counters, one per site and subject; totals are summed when read, so a site can spoil only its own. */
export function hubFlow(sites: readonly string[], limits: StreamLimits): StreamShape {
  return {
    ...base(limits),
    name: streamNames.flow,
    sources: sites.map((site) => source(site, 'FLOW')),
    max_msgs_per_subject: 1,
    allow_msg_counter: true,
    allow_direct: true,
    deny_delete: true,
    deny_purge: false,
  };
}

/** The registry's documents: a bucket with some history, whose sequence is the revision of everything. */
export function documents(limits: StreamLimits): StreamShape {
  return bucket(streamNames.documents, 8, limits.documentsBytes, limits);
}

/** What every site must enforce and may see, by site. */
export function compiled(limits: StreamLimits): StreamShape {
  return bucket(streamNames.compiled, 1, limits.compiledBytes, limits);
}

/** An edge's copy of its own part of `compiled`, through the one consumer that the registry made for it. */
export function compiledMirror(site: string, limits: StreamLimits): StreamShape {
  return {
    ...base(limits),
    name: streamNames.compiled,
    mirror: {
      name: streamNames.compiled,
      external: { api: `$JS.${cloudSite}.API`, deliver: '' },
      consumer: { name: site, deliver_subject: mirrorSubject(site) },
    },
    max_msgs_per_subject: 1,
    allow_direct: true,
    mirror_direct: false,
    deny_delete: true,
    deny_purge: false,
  };
}

/** A consumer that a stream elsewhere sources or mirrors through: acknowledged as that one stores (NATS ADR-60). */
function durable(name: string, deliver: string, filter?: string): ConsumerShape {
  return {
    durable_name: name,
    deliver_subject: deliver,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.FlowControl,
    flow_control: true,
    idle_heartbeat: nanosPerSecond,
    max_deliver: -1,
    ...(filter === undefined ? {} : { filter_subject: filter }),
  };
}

/** The consumer of a site's `AUDIT` or `FLOW` that the cloud sources through. Its name pins the leaf's rights. */
export function sourceConsumer(site: string, what: 'AUDIT' | 'FLOW'): ConsumerShape {
  return durable(site, deliverSubject(site, what));
}

/** The consumer of the hub's `KV_compiled` that a site mirrors through: its own keys and no others. */
export function mirrorConsumer(site: string): ConsumerShape {
  return durable(site, mirrorSubject(site), `$KV.compiled.${site}.>`);
}

/**
 * A consumer that one reader, and no other, reads from the start at its leisure (`readFromStart`). Nothing is
 * acknowledged: the reader says by RESET where to go on. `deliver_policy: all` is what admits any RESET.
 */
export function readerConsumer(name: string, filter?: string): ConsumerShape {
  return {
    durable_name: name,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.None,
    ...(filter === undefined ? {} : { filter_subject: filter }),
  };
}

/** What a gateway reads of `compiled`. */
export function gatewayCompiledConsumer(site: string, gateway: string): ConsumerShape {
  return readerConsumer(gateway, `$KV.compiled.${site}.>`);
}

/** What a gateway reads of its site's records: its own blocks. */
export function gatewayAuditConsumer(site: string, gateway: string): ConsumerShape {
  return readerConsumer(gateway, `audit.*.${site}.${gateway}.>`);
}
