import { CausewayError, type DiscoveredApi, type Random } from '@causeway/protocol';

/** Sites that a policy has its callers try, in turn. */
export interface SitesToTry {
  /** The sites for one call, each once, best first. */
  pick(random: Pick<Random, 'fraction'>): readonly string[];
}

/** What a discovered API says of its sites; undefined where the nearest one answers. */
export function sitesToTry({ sites, route, idle = [] }: DiscoveredApi): SitesToTry | undefined {
  if (!route || sites.length === 0) return undefined;
  const { weights } = route;
  if (route.by === 'order' || !weights) return { pick: () => sites };
  const serving = sites.filter((site) => !idle.includes(site));
  return { pick: (random) => [...draw(serving, weights, random), ...idle] };
}

/** Sites drawn by weight, one after the other without those before; last those that have none. */
function draw(
  sites: readonly string[],
  weights: Readonly<Record<string, number>>,
  random: Pick<Random, 'fraction'>,
): string[] {
  const left = sites.filter((site) => Object.hasOwn(weights, site));
  let sum = left.reduce((total, site) => total + (weights[site] ?? 0), 0);
  const drawn: string[] = [];
  while (left.length > 0) {
    let point = random.fraction() * sum;
    const found = left.findIndex((site) => {
      point -= weights[site] ?? 0;
      return point < 0;
    });
    // Where rounding leaves nothing found, the last.
    const [site = ''] = left.splice(found < 0 ? left.length - 1 : found, 1);
    sum -= weights[site] ?? 0;
    drawn.push(site);
  }
  return [...drawn, ...sites.filter((site) => !drawn.includes(site))];
}

/** Codes that say that nobody ran the call, and that another site may. */
const elsewhere: ReadonlySet<unknown> = new Set(['UNREACHABLE', 'NO_INSTANCE']);

/**
 * Tries sites in turn, until one runs the call or none is left; then rejects with what the first said. `mayGoOn` is
 * asked before each further try.
 */
export async function tryInTurn<T>(
  sites: readonly string[],
  attempt: (site: string) => Promise<T>,
  mayGoOn: () => boolean,
): Promise<T> {
  let first: unknown;
  for (const [index, site] of sites.entries()) {
    try {
      return await attempt(site);
    } catch (thrown) {
      if (index === 0) first = thrown;
      if (!(thrown instanceof CausewayError) || !elsewhere.has(thrown.code)) throw thrown;
      if (!mayGoOn()) throw thrown;
    }
  }
  throw first;
}
