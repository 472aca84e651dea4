import { randomBytes } from 'node:crypto';
import type { Causeway, CausewayError } from '@causeway/sdk';

/** A call as its caller saw it end. */
export interface LoadedCall {
  /** Trace id; the call's record carries it too. */
  readonly trace: string;
  readonly lane: string;
  /** `OK`, or the code that it was refused or given up with. */
  readonly code: string;
  /** When it began, on this process's monotonic clock, in ms. */
  readonly begun: number;
  readonly ms: number;
}

/** Where calls go: who makes them and what. */
export interface Lane {
  readonly name: string;
  readonly from: Causeway;
  readonly service: string;
  readonly endpoint: string;
  readonly site?: string;
  /** Calls a second. */
  readonly rate: number;
  readonly timeout?: number;
  readonly retry?: number;
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
    try {
      const { service, endpoint, site } = lane;
      number += 1;
      await lane.from.call({ service, major: 1, endpoint, site }, number, {
        timeout: lane.timeout ?? 2_000,
        traceparent: `00-${trace}-${randomBytes(8).toString('hex')}-01`,
        ...(lane.retry === undefined ? {} : { retry: lane.retry }),
      });
    } catch (error) {
      code = (error as CausewayError).code ?? String(error);
    }
    calls.push({ trace, lane: lane.name, code, begun, ms: performance.now() - begun });
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
