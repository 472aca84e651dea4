/** For tests of calls that no quota bounds. */
export const noQuotas = {
  guard: () => undefined,
  wait() {
    throw new Error('no call waits for a quota here');
  },
};
