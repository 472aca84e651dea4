import type { Clock } from '@causeway/protocol';

/** One exchange with a holder of the hub's time; the first two by the monotonic clock, in milliseconds. */
export interface HubObservation {
  readonly sentMonotonic: number;
  readonly receivedMonotonic: number;
  /** Milliseconds since the epoch on the hub's clock, read at some moment between the two. */
  readonly hubTime: number;
}

/** The hub's time, as it can be known here. Deadlines travel in it. */
export interface HubClock {
  observe(observation: HubObservation): void;
  /** Milliseconds since the epoch on the hub's clock; on this machine's own until the first observation. */
  now(): number;
  /** How far `now` may be off, in milliseconds: half the round trip; Infinity until the first observation. */
  readonly slack: number;
  /** True once something has been observed. */
  readonly known: boolean;
}

/** Exchanges that contradict each other by more than this, in ms, are no drift: one of the two clocks was set. */
const steppedMs = 100;

/**
 * Estimates the hub's time as NTP does: of the last `window` exchanges, the one of least round trip says most,
 * since the hub's reading lies within it. Older ones are forgotten, so that a drift is followed; all of them at once where
 * one shows that the hub's clock was set.
 */
export function createHubClock(clock: Clock, window = 16): HubClock {
  const samples: { readonly offset: number; readonly roundTrip: number }[] = [];
  let best: { readonly offset: number; readonly roundTrip: number } | undefined;
  return {
    observe({ sentMonotonic, receivedMonotonic, hubTime }) {
      const roundTrip = receivedMonotonic - sentMonotonic;
      if (!(roundTrip >= 0) || !Number.isFinite(hubTime)) return;
      const offset = hubTime - (sentMonotonic + receivedMonotonic) / 2;
      const apart = best ? Math.abs(offset - best.offset) - (roundTrip + best.roundTrip) / 2 : 0;
      if (apart > steppedMs) samples.length = 0;
      samples.push({ offset, roundTrip });
      if (samples.length > window) samples.shift();
      best = samples.reduce((least, sample) => (sample.roundTrip <= least.roundTrip ? sample : least));
    },
    now: () => (best ? clock.monotonic() + best.offset : clock.now()),
    get slack() {
      return best ? best.roundTrip / 2 : Number.POSITIVE_INFINITY;
    },
    get known() {
      return best !== undefined;
    },
  };
}
