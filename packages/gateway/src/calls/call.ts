import type { LimiterPool } from '@causeway/policy';
import type { AuditRecord, CallFields, Clock, ErrorCode, Logger, Random } from '@causeway/protocol';
import type { AnswerResult, HubClock } from '@causeway/transport';
import type { MsgHdrs } from 'nats';
import type { GuardEntry, StandingOf } from '../guard/entry.ts';
import type { Instances } from '../instances/instances.ts';
import type { QuotaPool } from '../quota/pool.ts';
import type { RequestHeaders } from './request-headers.ts';

/** What the handler needs of its surroundings; one set for each tenant. */
export interface CallSurroundings {
  readonly tenant: string;
  readonly site: string;
  readonly instances: Instances;
  readonly limiters: LimiterPool;
  readonly quotas: Pick<QuotaPool, 'guard' | 'wait'>;
  /** What is known of a caller; its own server knows the site's own. */
  readonly standingOf?: StandingOf;
  readonly hub: HubClock;
  /** Milliseconds since the site last heard from the registry. */
  readonly silence: () => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** True while no record could be kept. */
  readonly recordsFull: () => boolean;
  /** Keeps a record; `stored` runs once it is in the site's stream. */
  readonly record: (record: AuditRecord, group: string, stored?: () => void) => void;
  /** Publishes into a caller's inbox. */
  readonly publish: (subject: string, body: Uint8Array, headers?: MsgHdrs) => void;
  /** Asks an instance; the callback runs once. */
  readonly ask: (
    service: string,
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
    headers: MsgHdrs,
    callback: (result: AnswerResult) => void,
  ) => void;
}

/** One call on its way through the gateway. */
export interface Call {
  readonly entry: GuardEntry;
  readonly fields: CallFields;
  readonly id: string;
  /** When it came: ms on the hub's clock, and ms monotonic. */
  readonly at: number;
  readonly started: number;
  readonly reply: string;
  readonly request: RequestHeaders;
  readonly requestBytes: number;
  /** Of its caller's quotas: the bytes that were taken for it, and when (ms on the hub's clock). */
  reserved: number;
  spentAt: number;
}

/** What came of asking an instance; `unsent` where it was surely not asked. */
export type AskResult = AnswerResult | { readonly kind: 'unsent' };

export interface Outcome {
  readonly decision: AuditRecord['decision'];
  readonly code: ErrorCode | 'OK';
  readonly reason?: string | undefined;
  readonly replyBytes: number;
  readonly instance?: string | undefined;
}
