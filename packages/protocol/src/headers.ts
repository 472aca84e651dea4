/** Names of the headers that Causeway puts on messages; all others are dropped by a gateway. */
export const headers = {
  /** Id of the call, chosen by the caller; names it in the record. */
  call: 'Causeway-Call',
  /** When the caller gives up: milliseconds since the epoch on the hub's clock. */
  deadline: 'Causeway-Deadline',
  /** `<site>.<service>` of the caller; set by the gateway, never by the caller. */
  caller: 'Causeway-Caller',
  /** On replies of an API that is deprecated: since when, as RFC 9745 writes it, `@<seconds since the epoch>`. */
  deprecation: 'Causeway-Deprecation',
  /** W3C trace context. */
  traceparent: 'traceparent',
  /** Error code and reason of a reply, as NATS micro names them (NATS ADR-32). */
  errorCode: 'Nats-Service-Error-Code',
  error: 'Nats-Service-Error',
} as const;

/** Headers of a block of records (ADR 0006). */
export const blockHeaders = {
  tenant: 'Causeway-Tenant',
  site: 'Causeway-Site',
  gateway: 'Causeway-Gateway',
  class: 'Causeway-Class',
  seq: 'Causeway-Seq',
  prev: 'Causeway-Prev',
  count: 'Causeway-Count',
  outcomes: 'Causeway-Outcomes',
  sig: 'Causeway-Sig',
} as const;

/** Header of a watermark: the stream sequence of the last block that the counters hold (ADR 0006). */
export const throughHeader = 'Causeway-Through';

/** Largest request body in bytes where a manifest names none. */
export const defaultMaxRequestBytes = 262_144;

/** Largest reply body in bytes where a manifest names none. */
export const defaultMaxReplyBytes = 1_000_000;
