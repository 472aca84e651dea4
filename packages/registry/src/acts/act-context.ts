import { AsyncLocalStorage } from 'node:async_hooks';

/** An administrator's operation under way. */
export interface Act {
  readonly admin: string;
  /** The tenant that he administers; `any` for the fabric. */
  readonly scope: string;
  readonly op: string;
  /** True where it only asks, whatever comes of it: then a refusal is no refused act. */
  reading: boolean;
}

/**
 * Whatever is written in the course of an operation is that administrator's act. The context finds it, so that no
 * operation, of today or to come, can forget to have its act recorded.
 */
const acts = new AsyncLocalStorage<Act>();

/** Runs an operation as somebody's act. */
export function asAct<T>(act: Act, run: () => Promise<T>): Promise<T> {
  return acts.run(act, run);
}

/** The act in whose course this runs; undefined for what no administrator asked for. */
export function currentAct(): Act | undefined {
  return acts.getStore();
}

/** Says that the operation under way changes nothing: a dry run. */
export function onlyReads(): void {
  const act = acts.getStore();
  if (act) act.reading = true;
}
