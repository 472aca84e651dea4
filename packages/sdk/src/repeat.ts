import { CausewayError, type Clock, type Random } from '@causeway/protocol';
import { backoffDelay } from '@causeway/transport';
import type { Link } from './link.ts';

/** How a call is repeated. */
export interface RepeatOptions {
  /** Sends the call once more, and says when it is on its way. Ends with the signal. */
  readonly attempt: (signal: AbortSignal, onSent: () => void) => Promise<unknown>;
  /** How often it may be sent beyond the first time. */
  readonly repeats: number;
  /** By the monotonic clock, in milliseconds; nothing is begun after it. */
  readonly deadline: number;
  /** True: the call may run more than once, so it is sent again also where nobody knows whether it ran. */
  readonly idempotent: boolean;
  /** True once nothing more can be sent. */
  readonly ended: () => boolean;
  readonly signal: AbortSignal | undefined;
  readonly link: Pick<Link, 'onReconnect'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** A call that nobody answers is sent so often at most, spread over its time, however many repeats it has. */
const unansweredRepeats = 3;
/** Added to a `retryAfter`, in ms. */
const spread = { min: 10, max: 200 };

/**
 * Sends a call until it is answered, its deadline comes or its repeats are used up. What was refused for now, before
 * it ran, is sent again after a growing time with jitter, never before a `retryAfter` that it was told.
 *
 * One that may run more than once is sent again, too, when it is not answered for a share of its time, and at once
 * when the connection is back from a cut that may have lost it; all attempts are waited for, and the first answer
 * counts. While one attempt waits for the connection no other is begun: they would all go out in the moment that it is
 * back, when everybody's do.
 */
export function repeatCall(options: RepeatOptions): Promise<unknown> {
  const { attempt, deadline, idempotent, ended, signal, link, clock, random } = options;
  const patience = (deadline - clock.monotonic()) / (Math.min(options.repeats, unansweredRepeats) + 1);
  const over = new AbortController();
  return new Promise((resolve, reject) => {
    let left = options.repeats;
    let refusals = 0;
    let underWay = 0;
    let sent = 0;
    /** Monotonic milliseconds; whoever refused the call asked not to be called before. */
    let notBefore = Number.NEGATIVE_INFINITY;
    let cancelNext = () => {};

    function end(settle: () => void): void {
      if (over.signal.aborted) return;
      cancelNext();
      offReconnect();
      signal?.removeEventListener('abort', onAbort);
      over.abort();
      settle();
    }

    /** False where there is neither a repeat nor time left for it. */
    function againAfter(ms: number): boolean {
      const wait = Math.max(ms, notBefore - clock.monotonic());
      if (left <= 0 || clock.monotonic() + wait >= deadline) return false;
      cancelNext();
      cancelNext = clock.after(wait, again);
      return true;
    }

    function again(): void {
      if (left <= 0 || underWay > sent) return;
      if (clock.monotonic() < notBefore) {
        againAfter(0);
        return;
      }
      left -= 1;
      launch();
    }

    /** Milliseconds until what was refused may be sent again; undefined where it may not. */
    function waitAfter(thrown: unknown): number | undefined {
      if (!mayRepeat(thrown) || ended()) return undefined;
      const { retryAfter } = thrown;
      // All who were refused together were told the same time, and must not come back together.
      const wait =
        retryAfter === undefined
          ? backoffDelay(refusals, random)
          : retryAfter + backoffDelay(refusals, random, spread);
      if (retryAfter !== undefined) notBefore = Math.max(notBefore, clock.monotonic() + wait);
      return wait;
    }

    function launch(): void {
      cancelNext();
      underWay += 1;
      let onItsWay = 0;
      const onSent = () => {
        onItsWay = 1;
        sent += 1;
        if (idempotent) againAfter(patience);
      };
      const failed = (thrown: unknown) => {
        underWay -= 1;
        sent -= onItsWay;
        if (over.signal.aborted) return;
        const wait = waitAfter(thrown);
        refusals += 1;
        if (wait !== undefined && (againAfter(wait) || underWay > 0)) return;
        end(() => reject(thrown));
      };
      attempt(over.signal, onSent).then((value) => end(() => resolve(value)), failed);
    }

    const onAbort = () => end(() => reject(signal?.reason));
    signal?.addEventListener('abort', onAbort);
    const offReconnect = link.onReconnect(() => {
      if (idempotent && sent > 0) again();
    });
    launch();
  });
}

/** True for a refusal before the call ran. A deadline that passed is none: the service may have run. */
function mayRepeat(error: unknown): error is CausewayError {
  return error instanceof CausewayError && error.retryable && error.code !== 'DEADLINE_EXCEEDED';
}
