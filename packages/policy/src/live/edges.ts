/** When policies begin and end: which do so between two times, and when the next does. */
export interface Edges<T> {
  add(at: number, owner: T): void;
  remove(at: number, owner: T): void;
  /** Owners of the edges after one time, up to and with a later one. */
  between(after: number, upTo: number): T[];
  /** The first edge after a time; Infinity where there is none. */
  next(after: number): number;
}

/** Creates it, empty. What is no time (NaN) is passed over. Times are sorted once after a change, however many it brings. */
export function createEdges<T>(): Edges<T> {
  const owners = new Map<number, Set<T>>();
  /** The different times, rising; made anew where it is asked for after a change. */
  let times: number[] | undefined = [];

  const sorted = (): number[] => {
    times ??= [...owners.keys()].sort((a, b) => a - b);
    return times;
  };

  /** How many of the times are not after `at`. */
  function countUpTo(at: number): number {
    const all = sorted();
    let from = 0;
    let to = all.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((all[middle] as number) <= at) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  return {
    add(at, owner) {
      if (Number.isNaN(at)) return;
      const found = owners.get(at);
      if (found) {
        found.add(owner);
        return;
      }
      owners.set(at, new Set([owner]));
      const all = times;
      if (all === undefined) return;
      const last = all.at(-1);
      // Where many come at once they are sorted together, once.
      if (last === undefined || at > last) all.push(at);
      else times = undefined;
    },
    remove(at, owner) {
      const found = owners.get(at);
      if (!found?.delete(owner) || found.size > 0) return;
      owners.delete(at);
      times = undefined;
    },
    between(after, upTo) {
      if (upTo <= after) return [];
      return sorted()
        .slice(countUpTo(after), countUpTo(upTo))
        .flatMap((at) => [...(owners.get(at) ?? [])]);
    },
    next: (after) => sorted()[countUpTo(after)] ?? Number.POSITIVE_INFINITY,
  };
}
