import { createQuotaPool, type QuotaPool } from '@causeway/gateway';
import type { PolicyLimits } from '@causeway/policy';
import type { QuotaReply, QuotaRequest } from '@causeway/protocol';
import { openQuotaLedger, type QuotaLedger } from '@causeway/registry';
import { manualClock } from './manual-clock.ts';
import { memoryLedger, type WriteFault } from './memory-ledger.ts';
import { silent } from './silent-logger.ts';

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
