import type { Fabric } from '@causeway/fabric';
import type { Context } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import type { UpOptions } from './options.ts';

/** Runs the demonstration on a fabric that is up. Rejects where it found that something is not as it should be. */
export async function runDemonstration(
  context: Context,
  options: UpOptions,
  fabric: Fabric,
  signal: AbortSignal,
): Promise<void> {
  let demonstration: typeof import('@causeway/demo');
  try {
    demonstration = await import('@causeway/demo');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new CommandFailure(`the demonstration is not installed: ${(cause as Error).message}`, { cause });
  }
  const { ok } = await demonstration.runDemo({
    fabric,
    once: options.once === true,
    signal,
    // As JSON, standard output has the fabric's summary and nothing else.
    output: options.output === 'table' ? context.stdout : context.stderr,
    clock: context.clock,
    random: context.random,
    logger: context.logger('warn'),
  });
  if (!ok && !signal.aborted)
    throw new CommandFailure('the demonstration did not go as it should; see above');
}
