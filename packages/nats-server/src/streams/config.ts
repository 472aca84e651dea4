import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { auditStream, flowStream, streamNames } from './names.ts';

/** A stream as it should be; members left out are the server's to choose. */
export type StreamShape = Partial<StreamConfig> & { readonly name: string };

/** A consumer as it should be. */
export type ConsumerShape = Partial<ConsumerConfig> & { readonly durable_name: string };

/**
 * How large streams may grow, in bytes; -1 is no limit but the account's. Counters have none: they
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
  /** Shares of quotas. When full, no more are given: calls that need one are refused. */
  readonly quotasBytes: number;
  /** Servers that hold a copy of each stream: 1, or 3 in a cluster. */
  readonly replicas: number;
}

/** Fit for one machine. */
export const defaultStreamLimits: StreamLimits = {
  siteAuditBytes: 1024 ** 3,
  auditBytes: -1,
  documentsBytes: 1024 ** 3,
  compiledBytes: 256 * 1024 ** 2,
  quotasBytes: 64 * 1024 ** 2,
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

/** A site's own counters: the last value of each is all that is kept, and all that the cloud copies. */
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

/**
 * All records. The registry alone writes here, each message under the site it was collected from
 * (`from.<site>.…`), whatever the message says of itself.
 */
export function hubAudit(limits: StreamLimits): StreamShape {
  return {
    ...base(limits),
    name: streamNames.audit,
    subjects: ['from.*.audit.>'],
    max_bytes: limits.auditBytes,
    discard: DiscardPolicy.New,
    allow_direct: true,
    // What is collected at once is stored as a whole, so that the position reached is always known.
    allow_atomic: true,
    deny_delete: true,
    deny_purge: false,
  };
}

/** All counters as the sites have them, one per site and subject; totals are summed when read. */
export function hubFlow(limits: StreamLimits): StreamShape {
  return {
    ...base(limits),
    name: streamNames.flow,
    subjects: ['from.*.flow.>'],
    max_msgs_per_subject: 1,
    allow_direct: true,
    allow_atomic: true,
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

/** Who was given how much of which quota, in windows that are not over. */
export function quotas(limits: StreamLimits): StreamShape {
  return bucket(streamNames.quotas, 1, limits.quotasBytes, limits);
}

/** An edge's copy of its own part of `compiled`: what it got last from the registry, and lives on without it. */
export function siteCompiled(site: string, limits: StreamLimits): StreamShape {
  return {
    ...bucket(streamNames.compiled, 1, limits.compiledBytes, limits),
    subjects: [`$KV.compiled.${site}.>`],
  };
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

/** What the site's auditor hears: all records, in its inbox, while it listens there. */
export function auditorConsumer(site: string): ConsumerShape {
  return { ...readerConsumer('auditor'), deliver_subject: `_INBOX.${site}.auditor.audit` };
}

/** What a gateway reads of `compiled`. */
export function gatewayCompiledConsumer(site: string, gateway: string): ConsumerShape {
  return readerConsumer(gateway, `$KV.compiled.${site}.>`);
}

/** What a gateway reads of its site's records: its own blocks. */
export function gatewayAuditConsumer(site: string, gateway: string): ConsumerShape {
  return readerConsumer(gateway, `audit.*.${site}.${gateway}.>`);
}
