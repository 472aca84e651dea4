/** Thrown where a check has used up its steps; `compileSchema` makes a fault of it. */
export class OutOfSteps extends Error {
  override readonly name = 'OutOfSteps';
}

/**
 * Counts what a check does, so that no schema and no value can keep the process from its other work for long.
 * Counted are steps and not time: the same value always gets the same answer. A step is 10 ns or less on the
 * machines we measured.
 */
export interface Steps {
  /** Steps that are left. Generated code takes from it directly. */
  left: number;
  /** Takes some steps; throws `OutOfSteps` when there are none left. */
  take(count: number): void;
}

/** Creates a counter with this many steps. */
export function createSteps(left: number): Steps {
  return {
    left,
    take(count) {
      this.left -= count;
      if (this.left < 0) throw new OutOfSteps('the check takes too many steps');
    },
  };
}
