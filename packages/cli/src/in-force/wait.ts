import type { AdminClient } from '@causeway/fabric';
import { CausewayError, type Messages } from '@causeway/protocol';
import type { Command } from 'commander';
import { withAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { UsageError } from '../failure.ts';
import { parseDuration } from '../input/duration.ts';
import { createProgress } from '../output/progress.ts';

/** Options of a command that can wait until what it changed is in force. */
export interface WaitOptions {
  readonly wait?: true;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** What came of waiting, as it is printed. */
export interface InForce {
  readonly revision: number;
  /** Whether no site that can be reached is behind. */
  readonly done: boolean;
  /** Sites that have it, of so many. */
  readonly have: number;
  readonly of: number;
  /** Those that have not: behind, or out of reach. */
  readonly missing: readonly Messages['Standing'][];
  readonly sites: readonly Messages['Standing'][];
}

/** What waits: the revision, with all that was changed from an earlier one on. */
interface Changed {
  readonly revision: number;
  readonly since?: number | undefined;
}

const usualMs = 10_000;
/** One question waits so long at the registry. */
const questionMs = 1_000;
const retryMs = 200;
/** What takes longer is explained. */
const patienceMs = 2_000;

/** Adds `--wait` and `--timeout` to a command. */
export function addWaitOptions(command: Command): Command {
  return command
    .option('--wait', 'wait until it is in force at every site that can be reached')
    .option(
      '--timeout <time>',
      'how long to wait for that, such as 500ms or 1m (default: 10s)',
      parseDuration,
    );
}

/** Throws a UsageError where a time is given and nothing is waited for. */
export function requireWait({ wait, timeout }: WaitOptions, more = ''): void {
  if (timeout !== undefined && !wait) throw new UsageError('--timeout says how long to --wait; give both');
  if (wait && more !== '') throw new UsageError(`--wait and ${more} do not go together: nothing is changed`);
}

/**
 * Waits until a change is in force wherever it can be, or the time is over; undefined where that was not asked for. A
 * registry that starts anew meanwhile is waited for. Rejects where it never answered.
 */
export async function waitInForce(
  context: Context,
  options: GlobalOptions & WaitOptions,
  changed: Changed,
): Promise<InForce | undefined> {
  if (!options.wait) return undefined;
  return withAdmin(context, options, (admin) => ask(context, admin, options.timeout ?? usualMs, changed));
}

async function ask(
  context: Context,
  admin: AdminClient,
  timeoutMs: number,
  { revision, since = revision }: Changed,
): Promise<InForce> {
  const { clock } = context;
  const [begun, progress] = [clock.monotonic(), createProgress(context)];
  let said: string | undefined;
  let last: InForce | undefined;
  try {
    for (;;) {
      const left = begun + timeoutMs - clock.monotonic();
      const wait = Math.max(0, Math.min(questionMs, Math.floor(left)));
      try {
        const reply = await admin.inForce({ revision, since: Math.min(since, revision), wait });
        last = summary(reply);
        if (last.done) return last;
      } catch (error) {
        if (!(error instanceof CausewayError) || !error.retryable) throw error;
        if (left <= retryMs && last === undefined) throw error;
        await new Promise<void>((resolve) => clock.after(retryMs, resolve));
      }
      if (left <= wait && last !== undefined) return last;
      if (clock.monotonic() - begun < patienceMs) continue;
      const text = last
        ? `waiting for ${names(last, 'behind')} to have revision ${revision}`
        : 'waiting for the registry';
      if (text !== said) progress.say(text);
      said = text;
    }
  } finally {
    if (said !== undefined) progress.end();
  }
}

function summary({ revision, done, sites }: Messages['InForceReply']): InForce {
  const missing = sites.filter(({ state }) => state !== 'in-force');
  return { revision, done, have: sites.length - missing.length, of: sites.length, missing, sites };
}

function names({ missing }: InForce, state: Messages['Standing']['state']): string {
  return missing
    .filter((each) => each.state === state)
    .map(({ site }) => site)
    .join(', ');
}
