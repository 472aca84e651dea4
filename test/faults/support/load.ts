import { randomBytes } from 'node:crypto';

/** A call as its caller saw it end. */
export interface LoadedCall {
  /** Trace id; the call's record carries it too. */
  readonly trace: string;
  readonly lane: string;
  /** True where it may have been sent several times. */
  readonly repeats: boolean;
  /** `OK`, or the code that it was refused or given up with. */
  readonly code: string;
  /** When it began, on this process's monotonic clock, in ms. */
  readonly begun: number;
  readonly ms: number;
}

/** Calls of one kind. */
export interface Lane {
  readonly name: string;
  /** Calls a second. */
  readonly rate: number;
  /** True: a call may be sent several times, and each time has its record. */
  readonly repeats?: boolean;
  /** Makes one. Rejects where it fails, with an error that has a `code`, or else a name that tells. */
  call(number: number, traceparent: string): Promise<unknown>;
}

/** Load under way. */
export interface Load {
  /** Calls that ended so far, in the order of their end. */
  readonly calls: readonly LoadedCall[];
  /** Begins no more calls; resolves when all have ended. */
  stop(): Promise<readonly LoadedCall[]>;
}

const tickMs = 10;

/** Makes calls at a steady rate, whatever becomes of those before (an open loop). */
export function startLoad(lanes: readonly Lane[]): Load {
  const calls: LoadedCall[] = [];
  const underWay = new Set<Promise<void>>();
  const started = performance.now();
  const sent = lanes.map(() => 0);
  let number = 0;

  async function call(lane: Lane): Promise<void> {
    const trace = randomBytes(16).toString('hex');
    const begun = performance.now();
    let code = 'OK';
    number += 1;
    try {
      await lane.call(number, `00-${trace}-${randomBytes(8).toString('hex')}-01`);
    } catch (error) {
      const failure = error as Error & { readonly code?: unknown };
      code = typeof failure.code === 'string' ? failure.code : failure.name;
    }
    const { name, repeats = false } = lane;
    calls.push({ trace, lane: name, repeats, code, begun, ms: performance.now() - begun });
  }

  const timer = setInterval(() => {
    const elapsed = performance.now() - started;
    for (const [index, lane] of lanes.entries()) {
      const due = Math.floor((elapsed * lane.rate) / 1000);
      for (; (sent[index] as number) < due; sent[index] = (sent[index] as number) + 1) {
        const made = call(lane).finally(() => underWay.delete(made));
        underWay.add(made);
      }
    }
  }, tickMs);

  return {
    calls,
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      return calls;
    },
  };
}

/** How many calls ended with each code. */
export function countCodes(calls: readonly LoadedCall[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code } of calls) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
