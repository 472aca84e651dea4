import { type Fabric, up } from '@causeway/fabric';
import { findNatsServer } from '@causeway/nats-server';
import { aborted, type Context } from '../context.ts';
import { explainFailure } from '../failure.ts';
import { createProgress, type Progress } from '../output/progress.ts';
import { runDemonstration } from './demonstration.ts';
import { connectParent } from './messages.ts';
import type { UpOptions } from './options.ts';
import { printSummary } from './summary.ts';

/** Brings up a fabric and keeps it up until a signal, or until the demonstration has ended. */
export async function runForeground(context: Context, options: UpOptions): Promise<void> {
  const parent = options.daemon ? connectParent() : undefined;
  const progress: Progress = parent
    ? { say: (text) => parent.send({ progress: text }), end() {} }
    : createProgress(context);
  const interrupted = context.interruption();
  let fabric: Fabric;
  try {
    fabric = await start(context, options, progress, interrupted);
  } catch (error) {
    parent?.send({ failed: explainFailure(error, {}, '').text });
    throw error;
  } finally {
    progress.end();
  }
  try {
    if (interrupted.aborted) parent?.send({ failed: 'interrupted' });
    else if (parent) await parent.ready(fabric.summary);
    else printSummary(context, options.output, fabric.summary);
    if (options.demo && !interrupted.aborted) await runDemonstration(context, options, fabric, interrupted);
    if (!options.once) await aborted(interrupted);
  } finally {
    progress.say('ending the fabric');
    await fabric.stop();
    progress.end();
  }
}

async function start(
  context: Context,
  options: UpOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Fabric> {
  const { clock, random, env } = context;
  progress.say('looking for nats-server');
  const { path: binary } = await findNatsServer({ env, signal, onProgress: (line) => progress.say(line) });
  return up({
    dir: options.dir,
    edges: options.sites,
    tenants: options.tenant,
    newPorts: options.newPorts === true,
    binary,
    clock,
    random,
    logger: context.logger(options.daemon ? 'info' : 'warn'),
    onProgress: (text) => progress.say(text),
  });
}
