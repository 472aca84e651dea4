import { createTokenBucket } from '@causeway/policy';
import type { Clock, QuotaReply, QuotaRequest } from '@causeway/protocol';
import { type Counter, shareRequest } from './counter.ts';

/** Asks the registry; rejects where it does not answer, or refuses. */
export type AskShares = (shares: QuotaRequest['shares']) => Promise<QuotaReply['shares']>;

/** What the gateway asks of the registry's ledger: one request at a time, with all that is wanted by then. */
export interface ShareRequests {
  /** Asks for more of a counter; `need` is what a call waits for. Does nothing where it is of no use now. */
  want(counter: Counter, need: number): void;
  /** Gives some of a counter's share back; nothing where that is none. A request that is lost is not repeated. */
  giveBack(counter: Counter, amount: number): void;
  /** Resolves when nothing is under way. */
  drain(): Promise<void>;
}

/** Shares that one request asks for at most (control-messages.json). */
const mostAtOnce = 128;
/** The registry takes 25 requests a second of a site, and 50 at once. */
const rate = { rate: 20, burst: 40 };
/** A counter that nobody answers for is not asked for again before, ms; nor, longer, one of which nothing was left. */
export const pauseMs = 1_000;
const usedUpPauseMs = 5_000;

/** Creates them. `settled` is told after each request that what it asked for has come, or has not. */
export function createRequests(options: {
  ask: AskShares;
  clock: Clock;
  settled: () => void;
}): ShareRequests {
  const { ask, clock, settled } = options;
  /** By tenant: one that wants a great many is asked for no sooner than the others. */
  const wanted = new Map<string, Set<Counter>>();
  let returned: QuotaRequest['shares'] = [];
  const bucket = createTokenBucket({ ...rate, now: clock.monotonic() });
  let scheduled = false;
  let idle: (() => void)[] = [];

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    // On the next turn, so that all that one call lacks is one request.
    queueMicrotask(next);
  }

  function next(): void {
    if (wanted.size === 0 && returned.length === 0) {
      scheduled = false;
      for (const done of idle) done();
      idle = [];
      return;
    }
    const wait = bucket.take(clock.monotonic());
    if (wait > 0) clock.after(wait, next);
    else void send().then(next);
  }

  /** What is asked for now: of each tenant one, in turn, until a request is full. */
  function takeWanted(): Counter[] {
    const taken: Counter[] = [];
    while (wanted.size > 0 && taken.length < mostAtOnce) {
      for (const [tenant, counters] of [...wanted]) {
        const [counter] = counters;
        if (taken.length === mostAtOnce) break;
        if (counter) taken.push(counter);
        if (counter) counters.delete(counter);
        wanted.delete(tenant);
        // Behind the others: where a request is full, they are first in the next.
        if (counters.size > 0) wanted.set(tenant, counters);
      }
    }
    return taken;
  }

  async function send(): Promise<void> {
    const counters = takeWanted();
    const back = returned.slice(0, mostAtOnce - counters.length);
    returned = returned.slice(back.length);
    const starts = counters.map(({ start }) => start);
    const needs = counters.map(({ need }) => need);
    for (const counter of counters) counter.need = 0;
    const asked = counters.map((counter, index) => shareRequest(counter, { need: needs[index] ?? 0 }));
    // Whatever is wrong with the answer is as if there were none.
    const answer = await ask([...asked, ...back]).catch(() => undefined);
    for (const [index, counter] of counters.entries()) {
      counter.asked = false;
      // A share of a window that is over is void.
      if (counter.start === starts[index]) take(counter, answer?.[index], needs[index] ?? 0);
    }
    settled();
  }

  function take(counter: Counter, share: QuotaReply['shares'][number] | undefined, need: number): void {
    const granted = share?.granted ?? 0;
    counter.left += granted;
    counter.filled = counter.left;
    if (granted > 0 && granted >= need) {
      counter.dearth = undefined;
      return;
    }
    if (share === undefined) counter.dearth = 'unreachable';
    else counter.dearth = share.refused === undefined ? 'used-up' : { refused: share.refused };
    counter.notBefore = clock.monotonic() + (counter.dearth === 'used-up' ? usedUpPauseMs : pauseMs);
  }

  return {
    want(counter, need) {
      if (counter.asked) {
        counter.need += need;
        // Perhaps it is under way already: who waits asks again when it has come.
        return;
      }
      if (counter.dearth !== undefined && clock.monotonic() < counter.notBefore) return;
      counter.asked = true;
      counter.need = need;
      const { tenant } = counter.name;
      wanted.set(tenant, (wanted.get(tenant) ?? new Set()).add(counter));
      schedule();
    },
    giveBack(counter, amount) {
      if (!(amount > 0)) return;
      // Taken off first: what is lost on the way is spent by nobody.
      counter.left -= amount;
      counter.filled = counter.left;
      returned.push(shareRequest(counter, { need: 0, back: amount }));
      schedule();
    },
    drain: () => (scheduled ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
  };
}
