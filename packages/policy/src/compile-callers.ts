import {
  callerShard,
  compiledKeys,
  type KnownCallers,
  type ServedApi,
  type Service,
} from '@causeway/protocol';
import { compareText } from './canonical-json.ts';

/** The identities of each tenant at each site, in shards by name, as gateways elsewhere are told them. */
export type CallerIndex = ReadonlyMap<string, ReadonlyMap<string, KnownCallers>>;

const placeOf = (tenant: string, site: string) => `${tenant}/${site}`;

/** Makes the index of all identities. */
export function indexCallers(services: readonly Service[]): CallerIndex {
  const places = new Map<string, Map<string, { names: string[]; revoked: string[] }>>();
  for (const { tenant, site, name, keys } of services) {
    const place = placeOf(tenant, site);
    const shards = places.get(place) ?? new Map<string, { names: string[]; revoked: string[] }>();
    places.set(place, shards);
    const shard = callerShard(name);
    const entry = shards.get(shard) ?? { names: [], revoked: [] };
    shards.set(shard, entry);
    (keys.length > 0 ? entry.names : entry.revoked).push(name);
  }
  const index = new Map<string, Map<string, KnownCallers>>();
  for (const [place, shards] of places) {
    const made = new Map<string, KnownCallers>();
    for (const [shard, { names, revoked }] of shards) {
      made.set(shard, {
        names: names.sort(compareText),
        ...(revoked.length > 0 ? { revoked: revoked.sort(compareText) } : {}),
      });
    }
    index.set(place, made);
  }
  return index;
}

/**
 * Who there is at the sites that this site's table admits calls from, itself left out: its own server knows its own. A
 * policy may mean every name, and a site that is taken over can make up any: so whoever serves is told which there are. A
 * change of identities concerns those sites alone.
 */
export function callerEntries(
  table: ReadonlyMap<string, unknown>,
  own: string,
  index: CallerIndex,
): Map<string, KnownCallers> {
  const entries = new Map<string, KnownCallers>();
  const done = new Set<string>();
  for (const [key, value] of table) {
    if (!key.startsWith('serve.')) continue;
    const { tenant, routes } = value as ServedApi;
    for (const site of Object.keys(routes)) {
      const place = placeOf(tenant, site);
      if (site === own || done.has(place)) continue;
      done.add(place);
      for (const [shard, known] of index.get(place) ?? []) {
        entries.set(compiledKeys.callers(tenant, site, shard), known);
      }
    }
  }
  return entries;
}
