import { CausewayError, type ErrorCode } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { manualClock, settle } from '../../../test/support/manual-clock.ts';
import { repeatCall } from './repeat.ts';

const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 1 };

/** Attempts in a test's hands: when each was sent, and how it ends. */
function stage(options: { repeats: number; idempotent: boolean; timeout?: number }) {
  const clock = manualClock();
  const sentAt: number[] = [];
  let begun = 0;
  let cut: Promise<void> | undefined;
  let mend = () => {};
  const ends: { resolve(value: unknown): void; reject(error: unknown): void; signal: AbortSignal }[] = [];
  const listeners = new Set<(refused: boolean) => void>();
  const controller = new AbortController();
  let outcome: unknown = 'none yet';
  const call = repeatCall({
    attempt: async (signal, onSent) => {
      begun += 1;
      if (cut) await cut;
      sentAt.push(clock.monotonic());
      onSent();
      return new Promise((resolve, reject) => ends.push({ resolve, reject, signal }));
    },
    repeats: options.repeats,
    deadline: options.timeout ?? 2_000,
    idempotent: options.idempotent,
    ended: () => false,
    signal: controller.signal,
    link: {
      onReconnect(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    clock,
    random,
  });
  call.then(
    (value) => {
      outcome = value;
    },
    (error: unknown) => {
      outcome = error instanceof CausewayError ? error.code : error;
    },
  );
  return {
    clock,
    sentAt,
    ends,
    controller,
    begun: () => begun,
    disconnect: () => {
      cut = new Promise((resolve) => {
        mend = resolve;
      });
    },
    reconnect: () => {
      cut = undefined;
      mend();
      for (const listener of [...listeners]) listener(false);
    },
    refuse: (at: number, code: ErrorCode, details = {}) =>
      ends[at]?.reject(new CausewayError(code, 'not now', details)),
    async outcome() {
      await settle();
      return outcome;
    },
    leftOver: () => [clock.timers, listeners.size],
  };
}

describe('repeat', () => {
  it('repeat - what was refused for now is sent again by growing steps, or after what the refusal says', async () => {
    const { clock, sentAt, refuse, ends, outcome, leftOver } = stage({ repeats: 3, idempotent: false });
    await clock.advance(0);
    refuse(0, 'UNREACHABLE');
    await clock.advance(50);
    refuse(1, 'NO_INSTANCE');
    await clock.advance(100);
    refuse(2, 'OVERLOADED', { retryAfter: 7 });
    // What it says, and some chance: all who were refused together were told the same.
    await clock.advance(47);
    expect(sentAt).toEqual([0, 50, 150, 197]);
    ends[3]?.resolve('done');
    expect(await outcome()).toBe('done');
    expect(leftOver()).toEqual([0, 0]);
  });

  it.each([
    ['that is for good', 'DENIED', {}],
    ['after which the service may have run', 'DEADLINE_EXCEEDED', {}],
    ['that asks to wait beyond the deadline', 'RATE_LIMITED', { retryAfter: 2_000 }],
  ] as const)('repeat - a refusal %s is the answer', async (_what, code, details) => {
    const { refuse, sentAt, outcome, leftOver } = stage({ repeats: 3, idempotent: true });
    refuse(0, code, details);
    expect(await outcome()).toBe(code);
    expect(sentAt).toEqual([0]);
    expect(leftOver()).toEqual([0, 0]);
  });

  it('repeat - repeats are used up', async () => {
    const { clock, refuse, sentAt, outcome } = stage({ repeats: 1, idempotent: true });
    refuse(0, 'UNREACHABLE');
    await clock.advance(50);
    refuse(1, 'NO_INSTANCE');
    expect(await outcome()).toBe('NO_INSTANCE');
    expect(sentAt).toEqual([0, 50]);
  });

  it('repeat - without an answer an idempotent call is sent again for each share of its time, and any answer counts', async () => {
    const { clock, sentAt, ends, outcome, leftOver } = stage({
      repeats: Number.POSITIVE_INFINITY,
      idempotent: true,
    });
    await clock.advance(1_900);
    expect(sentAt).toEqual([0, 500, 1_000, 1_500]);
    ends[1]?.resolve('the second');
    expect(await outcome()).toBe('the second');
    expect(ends.map(({ signal }) => signal.aborted)).toEqual([true, true, true, true]);
    expect(leftOver()).toEqual([0, 0]);
  });

  it('repeat - one that may run only once is sent once while nobody answers, and not again after a cut', async () => {
    const { clock, sentAt, reconnect, refuse, outcome } = stage({ repeats: 5, idempotent: false });
    await clock.advance(1_000);
    reconnect();
    await clock.advance(999);
    expect(sentAt).toEqual([0]);
    refuse(0, 'DEADLINE_EXCEEDED');
    expect(await outcome()).toBe('DEADLINE_EXCEEDED');
  });

  it('repeat - an idempotent one that a cut may have lost is sent again at once', async () => {
    const { clock, sentAt, reconnect, ends, outcome } = stage({ repeats: 2, idempotent: true });
    await clock.advance(40);
    reconnect();
    expect(sentAt).toEqual([0, 40]);
    ends[1]?.resolve('done');
    expect(await outcome()).toBe('done');
  });

  it('repeat - whoever asks to wait is not called before, neither for want of an answer nor after a cut', async () => {
    const { clock, sentAt, refuse, reconnect } = stage({ repeats: 5, idempotent: true });
    await clock.advance(500);
    refuse(1, 'OVERLOADED', { retryAfter: 1_200 });
    await clock.advance(10);
    reconnect();
    refuse(0, 'NO_INSTANCE');
    await clock.advance(1_199);
    expect(sentAt).toEqual([0, 500]);
    await clock.advance(1);
    expect(sentAt).toEqual([0, 500, 1_710]);
  });

  it('repeat - nor is it where it asks to wait beyond the deadline; what is under way is waited for', async () => {
    const { clock, sentAt, refuse, ends, outcome } = stage({ repeats: 5, idempotent: true });
    await clock.advance(500);
    refuse(0, 'RATE_LIMITED', { retryAfter: 5_000 });
    await clock.advance(1_400);
    expect(sentAt).toEqual([0, 500]);
    ends[1]?.resolve('done');
    expect(await outcome()).toBe('done');
  });

  it('repeat - who says to come at once is not called without end', async () => {
    const { clock, sentAt, refuse } = stage({ repeats: Number.POSITIVE_INFINITY, idempotent: false });
    for (let at = 0; at < 2_000; at += 1) {
      refuse(sentAt.length - 1, 'OVERLOADED', { retryAfter: 0 });
      await clock.advance(1);
    }
    expect(sentAt.length).toBeLessThan(20);
  });

  it('repeat - while the connection is away one attempt waits for it, not one for each share of the time', async () => {
    const { clock, sentAt, begun, disconnect, reconnect } = stage({ repeats: 5, idempotent: true });
    await clock.advance(100);
    disconnect();
    await clock.advance(1_300);
    reconnect();
    await settle();
    expect([begun(), sentAt]).toEqual([2, [0, 1_400]]);
    await clock.advance(499);
    expect(begun()).toBe(2);
    await clock.advance(1);
    expect(sentAt).toEqual([0, 1_400, 1_900]);
  });

  it('repeat - a refusal does not end a call that another attempt may still answer', async () => {
    const { clock, refuse, ends, outcome } = stage({ repeats: 1, idempotent: true });
    await clock.advance(1_000);
    refuse(1, 'UNREACHABLE');
    expect(await outcome()).toBe('none yet');
    ends[0]?.resolve('done after all');
    expect(await outcome()).toBe('done after all');
  });

  it('repeat - giving the call up ends it between two attempts, too', async () => {
    const { refuse, controller, outcome, leftOver } = stage({ repeats: 5, idempotent: false });
    refuse(0, 'UNREACHABLE');
    await settle();
    controller.abort('changed my mind');
    expect(await outcome()).toBe('changed my mind');
    expect(leftOver()).toEqual([0, 0]);
  });
});
