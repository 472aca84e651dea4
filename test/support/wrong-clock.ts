// Loaded before a program (`node --import`): sets its clock wrong, where CAUSEWAY_TEST_CLOCKS says so. See wrong-clocks.ts.

const { argv, env } = process;
const part = /part-main\.[jt]s$/.test(argv[1] ?? '');
/** `registry`, `gateway SITE`, or `cli` for whatever else. */
const name = part ? [argv[2], argv[4]].filter(Boolean).join(' ') : 'cli';
const ahead = (JSON.parse(env.CAUSEWAY_TEST_CLOCKS ?? '{}') as Record<string, number>)[name] ?? 0;

if (ahead !== 0) {
  const RightDate = Date;
  globalThis.Date = class extends RightDate {
    constructor(...args: unknown[]) {
      super(...((args.length === 0 ? [RightDate.now() + ahead] : args) as [number]));
    }
    static override now(): number {
      return RightDate.now() + ahead;
    }
  } as DateConstructor;
}
