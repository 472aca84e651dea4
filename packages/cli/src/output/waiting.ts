import type { Context } from '../context.ts';
import { createProgress } from './progress.ts';

/** What takes longer is explained. */
const patienceMs = 2_000;

/** Does something, and says what is waited for where it takes longer than two seconds. */
export async function whileWaiting<T>(context: Context, what: string, work: () => Promise<T>): Promise<T> {
  const progress = createProgress(context);
  let said = false;
  const cancel = context.clock.after(patienceMs, () => {
    said = true;
    progress.say(what);
  });
  try {
    return await work();
  } finally {
    cancel();
    if (said) progress.end();
  }
}
