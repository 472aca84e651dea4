import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../test/support/manual-clock.ts';
import { silent } from '../../../test/support/silent-logger.ts';
import { createAccountClaims } from './hub/account-claims.ts';
import { startReconciling } from './reconcile.ts';
import { accountOf, countingCompiler, memoryDocuments, serviceOf } from './test-support.ts';

function started() {
  const clock = manualClock();
  const store = memoryDocuments([{ ...accountOf('acme'), jwt: 'one' } as never]);
  const compiler = countingCompiler(store);
  const pushed: string[] = [];
  const hub = {
    refuses: 0,
    async pushClaims(jwt: string) {
      if (hub.refuses > 0) {
        hub.refuses -= 1;
        throw new Error('timeout');
      }
      pushed.push(jwt);
    },
  };
  const claims = createAccountClaims({ store, hub, logger: silent });
  const stop = startReconciling({ store, compiler, claims, clock, logger: silent });
  return { clock, store, compiler, hub, claims, pushed, stop };
}

describe('reconciling', () => {
  it('reconciling - documents that nobody compiled are compiled, and once', async () => {
    const { clock, store, compiler, stop } = started();
    await store.put([serviceOf('quotes', 'edge-a')]);
    await clock.advance(20_000);
    expect(compiler.runs).toBe(1);
    stop();
    await store.put([serviceOf('risk', 'edge-a')]);
    await clock.advance(20_000);
    expect([compiler.runs, clock.timers]).toEqual([1, 0]);
  });

  it('reconciling - claims that the hub did not take are pushed until it does, and once', async () => {
    const { clock, store, hub, claims, pushed } = started();
    await claims.push();
    hub.refuses = 2;
    await store.put([{ ...accountOf('acme'), jwt: 'two' } as never]);
    await expect(claims.push()).rejects.toThrow('timeout');
    await clock.advance(5_000);
    expect(pushed).toEqual(['one']);
    await clock.advance(20_000);
    expect(pushed).toEqual(['one', 'two']);
  });
});
