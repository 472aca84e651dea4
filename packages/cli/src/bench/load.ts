import { CausewayError, type Clock } from '@causeway/protocol';

/** One phase of calls. */
export interface LoadOrder {
  readonly inFlight: number;
  /** No call is begun after so many milliseconds, or when the signal is aborted. */
  readonly ms: number;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** What a phase came to. Latencies are of successful calls, in milliseconds; null where there is none. */
export interface LoadResult {
  readonly inFlight: number;
  readonly calls: number;
  /** Failed calls by error code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Successful calls per second, until the last one ended. */
  readonly perSecond: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly longest: number | null;
}

/** Calls in a closed loop: each of `inFlight` lanes makes its next call when its last one has ended. */
export async function runLoad(call: () => Promise<unknown>, order: LoadOrder): Promise<LoadResult> {
  const { inFlight, ms, signal, clock } = order;
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  const started = clock.monotonic();
  const end = started + ms;

  async function lane(): Promise<void> {
    for (let begun = clock.monotonic(); begun < end && !signal.aborted; begun = clock.monotonic()) {
      try {
        await call();
        latencies.push(clock.monotonic() - begun);
      } catch (error) {
        const { code } = CausewayError.from(error);
        failures[code] = (failures[code] ?? 0) + 1;
      }
    }
  }

  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (clock.monotonic() - started) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  const at = (part: number) => rounded(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]);
  return {
    inFlight,
    calls: sorted.length,
    failures,
    perSecond: seconds > 0 ? Math.round(sorted.length / seconds) : 0,
    p50: at(0.5),
    p99: at(0.99),
    longest: at(1),
  };
}

/** To microseconds: what lies below is noise. */
function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1000) / 1000;
}
