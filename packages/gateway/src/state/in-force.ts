/** What is in force at a gateway, as against what it has only been told. */
export interface InForce {
  /** The newest revision of which everything is in force: tables, claims, credentials and subscriptions. */
  readonly revision: number;
  /** A revision has been applied; it counts once all that it brought is in use. */
  applied(revision: number): void;
}

/**
 * Creates it. `settled` resolves when what was applied so far is in use; `onReached` is told each revision that then
 * is in force, in order.
 */
export function createInForce(options: {
  settled: () => Promise<void>;
  onReached: (revision: number) => void;
}): InForce {
  const { settled, onReached } = options;
  let revision = 0;
  let queue: Promise<void> = Promise.resolve();
  return {
    get revision() {
      return revision;
    },
    applied(next) {
      queue = queue.then(settled).then(() => {
        revision = Math.max(revision, next);
        onReached(next);
      });
    },
  };
}
