import { percentile } from './statistics.ts';

/** One phase of calls. */
export interface LoadOrder {
  readonly inFlight: number;
  /** No call is begun after so many milliseconds. */
  readonly ms: number;
}

/** What a phase came to. Latencies are of successful calls, in microseconds. */
export interface LoadResult {
  readonly ok: number;
  /** Failed calls by error code or message. */
  readonly failures: Readonly<Record<string, number>>;
  /** Successful calls per second, until the last one ended. */
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** Calls in a closed loop: each of `inFlight` lanes makes its next call when its last one has ended. */
export async function runLoad(call: () => Promise<void>, { inFlight, ms }: LoadOrder): Promise<LoadResult> {
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  const started = performance.now();
  const end = started + ms;

  async function lane(): Promise<void> {
    for (let begun = performance.now(); begun < end; ) {
      try {
        await call();
        const now = performance.now();
        latencies.push((now - begun) * 1000);
        begun = now;
      } catch (error) {
        const { code, message } = error as Error & { code?: unknown };
        const what = typeof code === 'string' ? code : message;
        failures[what] = (failures[what] ?? 0) + 1;
        begun = performance.now();
      }
    }
  }

  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - started) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  return {
    ok: sorted.length,
    failures,
    perSecond: sorted.length / seconds,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    longest: sorted.at(-1) ?? Number.NaN,
  };
}
