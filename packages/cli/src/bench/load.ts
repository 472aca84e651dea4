import { CausewayError, type Clock } from '@causeway/protocol';

/** How calls are made. */
export interface LoadOrder {
  readonly inFlight: number;
  /** No call is begun once it is aborted. */
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** What calls came to. Latencies are of successful calls, in milliseconds; null where there is none. */
export interface LoadResult {
  readonly inFlight: number;
  readonly calls: number;
  /** Failed calls by error code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Successful calls per second, until the last one of each turn ended. */
  readonly perSecond: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly longest: number | null;
}

/** Calls that are measured, in turns. */
export interface Load {
  /** Makes calls; none is begun after so many milliseconds. */
  run(ms: number): Promise<void>;
  /** What all turns came to. */
  result(): LoadResult;
}

/** Calls in a closed loop: each of `inFlight` lanes makes its next call when its last one has ended. */
export function createLoad(call: () => Promise<unknown>, { inFlight, signal, clock }: LoadOrder): Load {
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  let took = 0;

  async function lane(end: number): Promise<void> {
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

  return {
    async run(ms) {
      const started = clock.monotonic();
      await Promise.all(Array.from({ length: inFlight }, () => lane(started + ms)));
      took += clock.monotonic() - started;
    },
    result() {
      const sorted = Float64Array.from(latencies).sort();
      const at = (part: number) => rounded(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]);
      return {
        inFlight,
        calls: sorted.length,
        failures,
        perSecond: took > 0 ? Math.round((sorted.length * 1000) / took) : 0,
        p50: at(0.5),
        p99: at(0.99),
        longest: at(1),
      };
    },
  };
}

/** Calls through the fabric, beside the same calls that nobody guards. */
export interface Comparison extends LoadResult {
  readonly plain: LoadResult;
  /** Calls per second, as a part of those of plain NATS; null where that made none. */
  readonly ratio: number | null;
}

/** So short that what else the machine does meets both alike. */
const turnMs = 500;

/** Measures both by turns, each for so many milliseconds in all. */
export async function compare(guarded: Load, plain: Load, ms: number): Promise<Comparison> {
  for (let turn = 0; turn * turnMs < ms; turn += 1) {
    // Neither always goes first.
    for (const load of turn % 2 === 0 ? [guarded, plain] : [plain, guarded]) {
      await load.run(Math.min(turnMs, ms - turn * turnMs));
    }
  }
  const [ours, theirs] = [guarded.result(), plain.result()];
  const ratio = theirs.perSecond === 0 ? null : Math.round((ours.perSecond / theirs.perSecond) * 100) / 100;
  return { ...ours, plain: theirs, ratio };
}

/** To microseconds: what lies below is noise. */
function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1000) / 1000;
}
