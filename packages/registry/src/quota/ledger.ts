import { type QuotaUnit, type QuotaWindow, quotaWindowMs, quotaWindowStart } from '@causeway/policy';
import { CausewayError, type Clock, type Logger } from '@causeway/protocol';
import { leavesRoom } from '../fair-share.ts';
import { type Account, accountKey, grantOf, heldOf, spentOf, type Window } from './account.ts';
import type { LedgerBucket } from './bucket.ts';

/** One share that a site asks for, or gives back. */
export interface ShareRequest extends Window {
  readonly site: string;
  readonly unit: QuotaUnit;
  /** The whole quota, as the policy has it now. */
  readonly amount: number;
  readonly need: number;
  /** What is given back instead of asking. */
  readonly back?: number | undefined;
}

/** What came of it. */
export interface Share {
  readonly granted: number;
  /** Why nothing is granted, where it is not that nothing is left. */
  readonly refused?: string;
}

/** Who has been given how much of each quota. It is stored before a site is told, so that no crash forgets it. */
export interface QuotaLedger {
  /**
   * Books shares, all or none of them, and resolves with one answer for each. Rejects with UNREACHABLE where they
   * cannot be stored: then nothing is granted.
   */
  book(requests: readonly ShareRequest[]): Promise<Share[]>;
  /** Forgets windows that are over. Call it now and then. */
  purge(): Promise<void>;
  /** Accounts remembered. */
  readonly size: number;
}

/** Clocks of gateways are off by half a round trip; a window can be asked for that much before and after its time. */
const windowSlackMs = 5_000;
/** A window that is over is kept this much longer, so that none is forgotten while it can be asked for. */
const keptMs = 60_000;
/** Accounts that one site may stand in: what one that is taken over can fill the ledger with. Its tenants share them. */
export const maxPerSite = 40_000;
/** Requests that are stored together; one batch of the server takes 1,000. */
const mostTogether = 500;

const ofTenant = (site: string, tenant: string) => `${site} ${tenant}`;

interface Job {
  readonly requests: readonly ShareRequest[];
  readonly resolve: (shares: Share[]) => void;
  readonly reject: (error: CausewayError) => void;
}

/** Opens the ledger with what its bucket holds. */
export async function openQuotaLedger(options: {
  bucket: LedgerBucket;
  clock: Pick<Clock, 'now'>;
  logger: Logger;
}): Promise<QuotaLedger> {
  const { bucket, clock, logger } = options;
  const accounts = new Map<string, Account>();
  /** Accounts that a site stands in; of them those of one tenant under `site tenant`. */
  const perSite = new Map<string, number>();
  let jobs: Job[] = [];
  let running = false;
  /** Windows that ended before have been purged: a clock that is set back must not open them again. */
  let closed = Number.NEGATIVE_INFINITY;
  /** False while it is not known what the bucket holds. */
  let known = false;

  function count(key: string, account: Account | undefined, by: 1 | -1): void {
    const tenant = key.split('.')[2] ?? '';
    for (const site of account?.sites ?? []) {
      for (const name of [site, ofTenant(site, tenant)]) perSite.set(name, (perSite.get(name) ?? 0) + by);
    }
  }

  function keep(key: string, account: Account): void {
    count(key, accounts.get(key), -1);
    accounts.set(key, account);
    count(key, account, 1);
  }

  async function load(): Promise<void> {
    const found = await bucket.read();
    accounts.clear();
    perSite.clear();
    for (const { key, held, revision } of found) keep(key, heldOf(held, revision));
    known = true;
  }
  await load();

  /** Why a request is none to be granted, whatever is left. */
  function fault(
    { window, start, site, tenant }: ShareRequest,
    account: Account | undefined,
  ): string | undefined {
    const now = clock.now();
    const end = start + quotaWindowMs[window];
    if (quotaWindowStart(window, start) !== start) return `no ${window} begins at ${start}`;
    if (now < start - windowSlackMs || now >= end + windowSlackMs || end <= closed)
      return `it is not the time of that ${window}`;
    const own = perSite.get(ofTenant(site, tenant)) ?? 0;
    if (account?.sites.has(site) || leavesRoom(own, perSite.get(site) ?? 0, maxPerSite)) return undefined;
    return `site ${site} has shares of ${own} quotas of tenant ${tenant}, and may have no more`;
  }

  /** Books one request in `drafts`: copies of the accounts that change. */
  function draft(request: ShareRequest, drafts: Map<string, Account>): Share {
    const key = accountKey(request);
    const account = drafts.get(key) ?? accounts.get(key);
    const refused = fault(request, account);
    if (refused !== undefined) return { granted: 0, refused };
    const standing = account ?? heldOf({}, 0);
    const { site, unit, amount, need, back } = request;
    const own = standing.held[unit]?.[site] ?? 0;
    // A site can give back what it was given, and no more: it cannot make room in what others have.
    const change =
      back === undefined ? grantOf(amount - spentOf(standing, unit), need) : -Math.min(own, back);
    if (change === 0) return { granted: 0 };
    const held = { ...standing.held, [unit]: { ...standing.held[unit], [site]: own + change } };
    drafts.set(key, heldOf(held, standing.revision));
    return { granted: Math.max(0, change) };
  }

  async function store(together: readonly Job[]): Promise<void> {
    if (!known) await load();
    const drafts = new Map<string, Account>();
    const shares = together.map(({ requests }) => requests.map((request) => draft(request, drafts)));
    if (drafts.size > 0) {
      // What was written is not known where this fails: nothing of it is granted, and it is read again.
      known = false;
      const writes = [...drafts].map(([key, { held, revision }]) => ({ key, held, revision }));
      const last = await bucket.write(writes);
      known = true;
      for (const [index, { key, held }] of writes.entries()) {
        keep(key, heldOf(held, last - writes.length + 1 + index));
      }
    }
    for (const [index, { resolve }] of together.entries()) resolve(shares[index] ?? []);
  }

  async function run(): Promise<void> {
    running = true;
    while (jobs.length > 0) {
      const together: Job[] = [];
      for (let size = 0; jobs[0] && (size === 0 || size + jobs[0].requests.length <= mostTogether); ) {
        size += jobs[0].requests.length;
        together.push(jobs[0]);
        jobs = jobs.slice(1);
      }
      try {
        await store(together);
      } catch (cause) {
        logger.warn({ err: cause }, 'shares of quotas could not be stored; none was given');
        const error = new CausewayError('UNREACHABLE', 'shares of quotas cannot be stored now', { cause });
        for (const { reject } of together) reject(error);
      }
    }
    running = false;
  }

  return {
    get size() {
      return accounts.size;
    },
    book(requests) {
      return new Promise((resolve, reject) => {
        jobs.push({ requests, resolve, reject });
        if (!running) void run();
      });
    },
    async purge() {
      closed = Math.max(closed, clock.now() - keptMs);
      const over = new Set<string>();
      for (const [key, account] of accounts) {
        const [window = '', start = ''] = key.split('.');
        const end = Number(start) + quotaWindowMs[window as QuotaWindow];
        if (end > closed) continue;
        over.add(`${window}.${start}`);
        count(key, account, -1);
        accounts.delete(key);
      }
      for (const prefix of over) await bucket.purge(prefix);
    },
  };
}
