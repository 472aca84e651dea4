/** What the reply subject of a delivered message says about it (NATS ADR-15, `$JS.ACK`). */
export interface Delivery {
  /** Sequence in the stream. */
  readonly sequence: number;
  /** Sequence of deliveries by this consumer: 1 after a RESET, and no gap while nothing is lost. */
  readonly delivery: number;
  /** When it was stored: ms since the epoch on the clock of the server it was first stored by. */
  readonly time: number;
  /** How many more match behind it. */
  readonly pending: number;
}

/** Takes a reply subject apart, in its old form (9 tokens) or with domain and account (11 or more). */
export function parseDelivery(reply: string | undefined): Delivery | undefined {
  const tokens = reply?.split('.') ?? [];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  const first = tokens.length === 9 ? 4 : tokens.length >= 11 ? 6 : undefined;
  if (first === undefined) return undefined;
  const [, sequence, delivery, nanos, pending] = tokens.slice(first, first + 5);
  const result = {
    sequence: Number(sequence),
    delivery: Number(delivery),
    time: Number((nanos ?? '').slice(0, -6)),
    pending: Number(pending),
  };
  return Object.values(result).every((value) => Number.isSafeInteger(value) && value >= 0)
    ? result
    : undefined;
}
