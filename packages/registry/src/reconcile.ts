import type { Clock, Logger } from '@causeway/protocol';
import type { Compiler } from './compile/compiler.ts';
import type { DocumentStore } from './documents/store.ts';
import type { AccountClaims } from './hub/account-claims.ts';

const everyMs = 5_000;
/** How late a policy may begin or end in what services see; gateways keep to its times by themselves. */
const edgeEveryMs = 250;

/**
 * Brings into force, again and again, what the documents say and a single attempt did not: a write that arrived
 * after it was given up, tables that could not be compiled, claims that the hub did not take. Returns the function
 * that ends it.
 */
export function startReconciling(options: {
  store: DocumentStore;
  compiler: Compiler;
  claims: AccountClaims;
  clock: Clock;
  logger: Logger;
}): () => void {
  const { store, compiler, claims, clock, logger } = options;
  let running = false;
  let failing = false;

  async function reconcile(): Promise<void> {
    running = true;
    try {
      await store.refresh();
      const outcomes = await Promise.allSettled([claims.push(), compiler.run()]);
      const failure = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failure) throw failure.reason;
      if (failing) logger.info({ revision: store.revision }, 'documents in force again');
      failing = false;
    } catch (err) {
      if (!failing) logger.warn({ err }, 'what the documents say is not in force; trying again');
      failing = true;
    } finally {
      running = false;
    }
  }

  const stopEdges = clock.every(edgeEveryMs, () => {
    if (!running && clock.now() >= compiler.until) void reconcile();
  });
  const stop = clock.every(everyMs, () => {
    if (!running) void reconcile();
  });
  return () => {
    stopEdges();
    stop();
  };
}
