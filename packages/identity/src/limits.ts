import type { AccountKind } from './templates/roles.ts';

/** How much of a server an account may use. */
export interface AccountLimits {
  /** Connections, leaf links among them (nats-server counts those in both). */
  readonly connections: number;
  /** Leaf links. */
  readonly leafs: number;
  /** Most subscriptions of one connection; a role's own limit may be lower. No limit where absent. */
  readonly subscriptions?: number;
  /** Most bytes of one message; the server's own limit, 1 MiB, holds in any case. */
  readonly payload?: number;
  /** JetStream: absent where the account has none. */
  readonly jetstream?: {
    /** Bytes on disk that its streams may take. A server with less free space refuses the account. */
    readonly disk: number;
    /** Bytes of memory, for consumers that live there. */
    readonly memory: number;
    readonly streams: number;
    /** Most consumers of one stream. */
    readonly consumers: number;
  };
}

const mebibyte = 1024 * 1024;

/** Bytes of disk for each account with streams; a server refuses accounts that together exceed its own limit. */
export const streamsDisk = 6 * 1024 * mebibyte;

/** What an account's limits are made from where nobody sets them by hand. */
export interface LimitsOptions {
  /** Sites that may link to this account. */
  readonly sites: number;
  /** Clients of a tenant at one server, or administrators and consoles in CONTROL; 1000 where absent. */
  readonly clients?: number;
  /** Bytes for records and documents: enough for the longest time without the cloud. 1 GiB where absent. */
  readonly disk?: number;
}

/**
 * Limits for an account of that kind. Leaf links are counted twice over, so that a link may come back while
 * the server still holds the dead one.
 */
export function accountLimits(kind: AccountKind, options: LimitsOptions): AccountLimits {
  const clients = options.clients ?? 1000;
  const disk = options.disk ?? 1024 * mebibyte;
  const leafs = 2 * options.sites;
  switch (kind) {
    case 'tenant':
      return { connections: clients + leafs, leafs, subscriptions: 50_000, payload: mebibyte };
    case 'control':
      return {
        connections: clients + leafs + 8,
        leafs,
        jetstream: { disk, memory: 32 * mebibyte, streams: 16, consumers: 1024 },
      };
    case 'ops':
      return {
        connections: clients + 8,
        leafs: 0,
        jetstream: { disk, memory: 32 * mebibyte, streams: 4, consumers: 4096 },
      };
    case 'site':
      return {
        connections: 16,
        leafs: 2,
        jetstream: { disk, memory: 64 * mebibyte, streams: 8, consumers: 64 },
      };
    case 'system':
      return { connections: 16, leafs: 0 };
  }
}

/** Limits as account claims have them. What is left out of a claim counts as 0, so everything is in. */
export function claimsOfLimits(kind: AccountKind, limits: AccountLimits): Record<string, unknown> {
  return {
    subs: limits.subscriptions ?? -1,
    data: -1,
    payload: limits.payload ?? -1,
    // Nothing is shared between accounts.
    imports: 0,
    exports: 0,
    wildcards: false,
    conn: limits.connections,
    leaf: limits.leafs,
    // Only an invitation lets its bearer in without a key, and only in CONTROL.
    disallow_bearer: kind !== 'control',
    ...(limits.jetstream === undefined
      ? {}
      : {
          mem_storage: limits.jetstream.memory,
          disk_storage: limits.jetstream.disk,
          streams: limits.jetstream.streams,
          consumer: limits.jetstream.consumers,
          mem_max_stream_bytes: -1,
          disk_max_stream_bytes: -1,
          max_bytes_required: false,
          max_ack_pending: -1,
        }),
  };
}
