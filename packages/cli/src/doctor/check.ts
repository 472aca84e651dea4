import type { Context } from '../context.ts';

/** What one check found. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it; absent where there is nothing to do. */
  readonly advice?: string;
}

/** Looks at one thing, and never throws for what it finds. */
export type Check = (context: Context, dir: string) => Promise<readonly Finding[]>;

/** What is as it should be. */
export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });

/** What works, for now or for most purposes. */
export const warn = (check: string, found: string, advice: string): Finding => ({
  ...{ check, state: 'warn', found, advice },
});

/** What keeps a fabric from working, or from being safe. */
export const fail = (check: string, found: string, advice: string): Finding => ({
  ...{ check, state: 'fail', found, advice },
});
