import { streamNames } from '@causeway/nats-server';
import { buckets } from '@causeway/protocol';
import type { JetStreamClient } from '@nats-io/jetstream';
import { readBucket } from '../documents/read-bucket.ts';
import { writeBucket } from '../documents/write-bucket.ts';
import type { Held } from './account.ts';

/** An account as it is stored. */
export interface StoredAccount {
  readonly key: string;
  readonly held: Held;
  /** Sequence of its last change; 0 for none. */
  readonly revision: number;
}

/** Where the ledger is kept. */
export interface LedgerBucket {
  read(): Promise<StoredAccount[]>;
  /**
   * Writes accounts, 1,000 at most, all or none, each at the revision that it has; resolves with the sequence of the
   * last. Rejects where one was changed meanwhile, and where no answer came: then they may have been written.
   */
  write(accounts: readonly StoredAccount[]): Promise<number>;
  /** Takes out all whose keys begin with this and a dot. */
  purge(prefix: string): Promise<void>;
}

/** The bucket `quotas` of CONTROL. */
export function ledgerBucket(js: JetStreamClient): LedgerBucket {
  return {
    async read() {
      const entries = await readBucket(js, buckets.quotas);
      return entries.flatMap(({ key, value, revision }) =>
        value === undefined ? [] : [{ key, held: value as Held, revision }],
      );
    },
    write: (accounts) =>
      writeBucket(
        js,
        buckets.quotas,
        accounts.map(({ key, held, revision }) => ({ key, value: held, expected: revision })),
      ),
    async purge(prefix) {
      const manager = await js.jetstreamManager();
      await manager.streams.purge(streamNames.quotas, { filter: `$KV.${buckets.quotas}.${prefix}.>` });
    },
  };
}
