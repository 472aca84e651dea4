import type { Counter } from './documents.ts';

/** Answers questions that may lead back to themselves, as schemas do that refer to themselves. */
export interface Assumptions<T> {
  /**
   * The answer kept under a key, or worked out. While a question is open it counts as proven: a cycle always passes
   * a field or an item, so that a counterexample would have a smaller one inside it, and so on to none.
   */
  decide(key: string, work: () => T): T;
}

/**
 * Creates them. `proven` is the answer that is assumed, and `isProven` tells it from the others. When a question
 * turns out not to be proven, what was proven meanwhile may have stood on it, and is forgotten.
 */
export function createAssumptions<T>(
  proven: T,
  isProven: (answer: T) => boolean,
  steps: Counter,
): Assumptions<T> {
  const answers = new Map<string, T>();
  const log: string[] = [];
  return {
    decide(key, work) {
      steps.take(1);
      const known = answers.get(key);
      if (known !== undefined) return known;
      const mark = log.length;
      answers.set(key, proven);
      log.push(key);
      const answer = work();
      if (!isProven(answer)) {
        for (const stale of log.splice(mark)) answers.delete(stale);
        answers.set(key, answer);
      }
      return answer;
    },
  };
}
