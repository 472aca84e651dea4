import { CausewayError, type Clock, type Logger, type Receipt } from '@causeway/protocol';

/** Receipts on their way to the registry: the newest revision counts, and no user is left out. */
export interface Receipts {
  /** This revision is in force; so are these re-issued users, which the registry has not been told yet. */
  add(revision: number, users: readonly string[]): void;
  close(): void;
}

const firstRetryMs = 100;
const longestRetryMs = 2_000;

/** Creates them. `send` is tried until it works, or rejects with what would be refused again. */
export function createReceipts(options: {
  send: (receipt: Omit<Receipt, 'gateway'>) => Promise<void>;
  clock: Clock;
  logger: Logger;
}): Receipts {
  const { send, clock, logger } = options;
  /** Not yet acknowledged. */
  const users = new Set<string>();
  let due: { readonly revision: number } | undefined;
  let sending = false;
  let closed = false;

  async function sendOne(receipt: { readonly revision: number }): Promise<void> {
    const { revision } = receipt;
    const told = [...users];
    try {
      await send({ revision, users: told });
      for (const user of told) users.delete(user);
    } catch (err) {
      if (!(err instanceof CausewayError) || err.retryable) throw err;
      // It will be refused again: the next revision has a receipt of its own, which tells of these users too.
      logger.warn({ err, revision }, 'the registry refused a receipt');
    }
    // Not where another was added meanwhile, be it of the same revision.
    if (due === receipt) due = undefined;
  }

  async function run(): Promise<void> {
    sending = true;
    for (let wait = firstRetryMs; due !== undefined && !closed; ) {
      try {
        await sendOne(due);
        wait = firstRetryMs;
      } catch {
        await new Promise<void>((resolve) => clock.after(wait, resolve));
        wait = Math.min(longestRetryMs, wait * 2);
      }
    }
    sending = false;
  }

  return {
    add(revision, more) {
      due = { revision };
      for (const user of more) users.add(user);
      if (!sending) void run();
    },
    close() {
      closed = true;
    },
  };
}
