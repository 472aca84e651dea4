import type { Messages } from '@causeway/protocol';
import { CommandFailure } from '../failure.ts';
import type { InForce } from './wait.ts';

const iso = (ms: number) => new Date(ms).toISOString();

/** What a site lacks, in words: which revision it has, since when it lacks another, and whether it can be reached. */
export function standingText({
  site,
  wanted,
  revision,
  behindSince,
  unreachableSince,
}: Messages['Standing']): string {
  const has = `${site} has revision ${revision ?? 'none'} of ${wanted ?? 'none'}`;
  const since = behindSince === undefined ? '' : `, behind since ${iso(behindSince)}`;
  return `${has}${since}${unreachableSince === undefined ? '' : `; not reachable since ${iso(unreachableSince)}`}`;
}

/** What came of waiting, for people; nothing where nothing was waited for. */
export function inForceText(inForce: InForce | undefined): string {
  if (!inForce) return '';
  const { revision, have, of, missing } = inForce;
  const lines = missing.map((each) => `  ${standingText(each)}\n`);
  return `revision ${revision} is in force at ${have}/${of} sites\n${lines.join('')}`;
}

/** Throws where a site that can be reached does not have it. */
export function requireInForce(inForce: InForce | undefined): void {
  if (!inForce || inForce.done) return;
  const behind = inForce.missing.filter(({ state }) => state === 'behind').map(standingText);
  throw new CommandFailure(
    `revision ${inForce.revision} is stored, but not in force everywhere yet: ${behind.join('; ')}. ` +
      'It comes into force by itself; causeway status shows how far each site is',
  );
}
