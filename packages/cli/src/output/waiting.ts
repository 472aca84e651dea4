import type { Context } from '../context.ts';
import { createProgress } from './progress.ts';

/** What takes longer is explained. */
const patienceMs = 2_000;
const stepMs = 1_000;

/** Does something, and says what is waited for where it takes longer than two seconds. */
export function whileWaiting<T>(context: Context, what: string, work: () => Promise<T>): Promise<T> {
  return withProgress(context, what, () => work());
}

/** The same for what comes in steps: says the last of them, a second after the one before at the soonest. */
export async function withProgress<T>(
  context: Context,
  what: string,
  work: (onProgress: (text: string) => void) => Promise<T>,
): Promise<T> {
  const { clock } = context;
  const progress = createProgress(context);
  const begun = clock.monotonic();
  let [step, said] = [what, 0];
  let shown = false;
  const say = () => {
    [shown, said] = [true, clock.monotonic()];
    progress.say(step);
  };
  const cancel = clock.after(patienceMs, say);
  try {
    return await work((text) => {
      step = text;
      const now = clock.monotonic();
      if (now - begun >= patienceMs && now - said >= stepMs) say();
    });
  } finally {
    cancel();
    if (shown) progress.end();
  }
}
