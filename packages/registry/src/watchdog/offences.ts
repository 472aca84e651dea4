import type { Clock } from '@causeway/protocol';

/** For how long something has been seen, look after look. */
export interface Seen {
  /** Looks in a row, this one among them. */
  readonly looks: number;
  /** Milliseconds since the first of them. */
  readonly forMs: number;
}

/** What links and users do that they may not: what lasts is held against them, and they are kept out when they persist. */
export interface Offences {
  /** Seen in this look. What is not seen in a look is forgotten. */
  seen(what: string): Seen;
  /** A look has ended. */
  looked(): void;
  /** Somebody was cut for it: true where he was cut so often lately that he is to be kept out. */
  cut(who: string): boolean;
}

/** Cut so often within this time, somebody is kept out. */
const mostCuts = 3;
const withinMs = 10 * 60_000;

/** Creates it with nothing held against anybody. */
export function createOffences(clock: Pick<Clock, 'monotonic'>): Offences {
  let before = new Map<string, { looks: number; since: number }>();
  let now = new Map<string, { looks: number; since: number }>();
  const cuts = new Map<string, number[]>();
  return {
    seen(what) {
      const at = clock.monotonic();
      const earlier = before.get(what);
      // Several links of one owner in one look are one offence.
      const entry = now.get(what) ?? { looks: (earlier?.looks ?? 0) + 1, since: earlier?.since ?? at };
      now.set(what, entry);
      return { looks: entry.looks, forMs: at - entry.since };
    },
    looked() {
      before = now;
      now = new Map();
    },
    cut(who) {
      const at = clock.monotonic();
      const recent = [...(cuts.get(who) ?? []).filter((time) => time > at - withinMs), at].slice(-mostCuts);
      cuts.set(who, recent);
      return recent.length >= mostCuts;
    },
  };
}
