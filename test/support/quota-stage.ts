import type { PolicyLimits } from '@causeway/policy';
import type { QuotaReply, QuotaRequest } from '@causeway/protocol';
import { createQuotaPool, type QuotaPool } from '../../packages/gateway/src/quota/pool.ts';
import type { Held } from '../../packages/registry/src/quota/account.ts';
import type { LedgerBucket } from '../../packages/registry/src/quota/bucket.ts';
import { openQuotaLedger, type QuotaLedger } from '../../packages/registry/src/quota/ledger.ts';
import { manualClock } from './manual-clock.ts';
import { silent } from './silent-logger.ts';

/** What may go wrong with a write: it is lost, or its answer is, or it comes to be only later. */
export type WriteFault = 'none' | 'lost' | 'unanswered' | 'late';

/** A bucket in memory, all or nothing and with expectations as the real one, whose writes can go wrong. */
export function memoryLedger(fault: () => WriteFault = () => 'none') {
  const stored = new Map<string, { held: Held; revision: number }>();
  const late: (() => void)[] = [];
  let sequence = 0;
  function store(accounts: Parameters<LedgerBucket['write']>[0]): number {
    for (const { key, revision } of accounts) {
      if ((stored.get(key)?.revision ?? 0) !== revision) throw new Error(`${key} was changed in between`);
    }
    for (const { key, held } of accounts) {
      sequence += 1;
      stored.set(key, { held: structuredClone(held), revision: sequence });
    }
    return sequence;
  }
  const bucket: LedgerBucket = {
    read: async () => [...stored].map(([key, value]) => ({ key, ...structuredClone(value) })),
    async write(accounts) {
      const how = fault();
      if (how === 'lost') throw new Error('lost');
      if (how === 'late') {
        const copy = structuredClone(accounts);
        late.push(() => {
          try {
            store(copy);
          } catch {
            // Somebody else was faster.
          }
        });
        throw new Error('no answer yet');
      }
      const last = store(accounts);
      if (how === 'unanswered') throw new Error('no answer');
      return last;
    },
    async purge(prefix) {
      for (const key of [...stored.keys()]) if (key.startsWith(`${prefix}.`)) stored.delete(key);
    },
  };
  return {
    bucket,
    stored,
    /** What was under way when its writer gave up is stored now, or refused. */
    arrive() {
      for (const each of late.splice(0)) each();
    },
  };
}

/** A registry's ledger and the gateways of some sites, with the wires between them in a test's hands. */
export async function quotaStage(options: {
  sites: readonly string[];
  amountOf: (asked: QuotaRequest['shares'][number]) => number;
  fault?: () => WriteFault;
  /** How far a site's view of the hub's clock is off, ms. */
  skewOf?: (site: string) => number;
}) {
  const clock = manualClock();
  const memory = memoryLedger(options.fault);
  const open = () => openQuotaLedger({ bucket: memory.bucket, clock, logger: silent });
  let ledger: QuotaLedger = await open();
  let life = 0;
  const cut = new Set<string>();
  const pools = new Map<string, QuotaPool>();
  let asked = 0;

  async function ask(site: string, shares: QuotaRequest['shares']): Promise<QuotaReply['shares']> {
    asked += 1;
    if (cut.has(site)) throw new Error('cut');
    const before = life;
    const requests = shares.map((each) => ({ ...each, site, amount: options.amountOf(each) }));
    const answer = await ledger.book(requests);
    // An answer of a registry that was killed, or over a link that was cut meanwhile, is lost.
    if (before !== life || cut.has(site)) throw new Error('lost');
    return answer;
  }

  function start(site: string): QuotaPool {
    const now = () => clock.now() + (options.skewOf?.(site) ?? 0);
    const pool = createQuotaPool({ ask: (shares) => ask(site, shares), hub: { now }, clock });
    pools.set(site, pool);
    return pool;
  }
  for (const site of options.sites) start(site);

  return {
    clock,
    memory,
    /** Makes the bucket's late writes come true. */
    arrive: memory.arrive,
    get asked() {
      return asked;
    },
    get ledger() {
      return ledger;
    },
    now: (site: string) => clock.now() + (options.skewOf?.(site) ?? 0),
    pool: (site: string) => pools.get(site) ?? start(site),
    setCut(site: string, is: boolean) {
      if (is) cut.add(site);
      else cut.delete(site);
    },
    /** The registry is killed, and another starts. */
    async restartRegistry() {
      life += 1;
      ledger = await open();
    },
    /** A gateway is killed, or stops as it should, and another starts. */
    async restartGateway(site: string, killed: boolean) {
      const old = pools.get(site);
      if (!killed) await old?.close();
      start(site);
    },
    guard: (site: string, from: { site: string; service: string }, limits: readonly PolicyLimits[]) =>
      (pools.get(site) ?? start(site)).guard('acme', from, limits),
  };
}
