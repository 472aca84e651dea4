import { CausewayError, type Clock, type Logger } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { createNoRouteReporter, type UnroutedCall } from './no-route.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0 };
const call = (at: number): UnroutedCall => ({
  call: `c-${at}`,
  at,
  toSite: 'any',
  service: 'quotes',
  major: 1,
  endpoint: 'latest',
  code: 'NO_ROUTE',
  requestBytes: 4,
});

/** A clock whose timers run when the test says so. */
function manualClock(): Clock & { advance(): void } {
  const timers = new Set<() => void>();
  const after = (_ms: number, callback: () => void) => {
    timers.add(callback);
    return () => void timers.delete(callback);
  };
  const advance = () => {
    const due = [...timers];
    timers.clear();
    for (const callback of due) callback();
  };
  return { now: () => 0, monotonic: () => 0, after, every: after, advance };
}

function started(answer: () => Promise<void>) {
  const clock = manualClock();
  const batches: UnroutedCall[][] = [];
  const gateway = {
    ask: () => Promise.reject(new Error('not asked')),
    tell: (_op: string, body: object) => {
      batches.push((body as { calls: UnroutedCall[] }).calls);
      return answer();
    },
  };
  const reporter = createNoRouteReporter({ gateway, clock, random, logger: quiet });
  const turn = async () => {
    clock.advance();
    for (let at = 0; at < 20; at += 1) await Promise.resolve();
  };
  return { reporter, batches, turn };
}

describe('no route', () => {
  it('no route - gathers, and sends batches of at most 256', async () => {
    const { reporter, batches, turn } = started(() => Promise.resolve());
    for (let at = 0; at < 600; at += 1) reporter.add(call(at));
    await turn();
    expect(batches.map((batch) => batch.length)).toEqual([256, 256, 88]);
    expect([reporter.waiting, reporter.dropped]).toEqual([0, 0]);
  });

  it('no route - keeps the newest 10,000 and counts what it dropped', async () => {
    const { reporter, batches, turn } = started(() => Promise.resolve());
    for (let at = 0; at < 10_003; at += 1) reporter.add(call(at));
    expect([reporter.waiting, reporter.dropped]).toEqual([10_000, 3]);
    await turn();
    expect(batches[0]?.[0]?.call).toBe('c-3');
  });

  it('no route - repeats the same batch until a gateway takes it, and gives up one that is refused', async () => {
    let answer: () => Promise<void> = () => Promise.reject(new CausewayError('UNREACHABLE', 'none there'));
    const { reporter, batches, turn } = started(() => answer());
    reporter.add(call(1));
    await turn();
    await turn();
    expect(batches.map((batch) => batch[0]?.call)).toEqual(['c-1', 'c-1']);
    answer = () => Promise.reject(new CausewayError('INVALID_REQUEST', 'no'));
    await turn();
    expect([batches.length, reporter.waiting, reporter.dropped]).toEqual([3, 0, 1]);
  });
});
