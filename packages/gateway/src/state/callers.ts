import { callerShard, type KnownCallers } from '@causeway/protocol';

/** What is known of a caller at another site: there is such an identity, it was revoked, or there is none. */
export type CallerStanding = 'known' | 'revoked' | 'unknown';

/** Who there is at the sites that this one admits calls from. */
export interface Callers {
  /** The identities of one shard; undefined where there are none. */
  set(tenant: string, site: string, shard: string, known: KnownCallers | undefined): void;
  standing(tenant: string, site: string, name: string): CallerStanding;
}

/** Creates it; nobody is known. */
export function createCallers(): Callers {
  const shards = new Map<string, { names: ReadonlySet<string>; revoked: ReadonlySet<string> }>();
  const keyOf = (tenant: string, site: string, shard: string) => `${tenant}/${site}/${shard}`;
  return {
    set(tenant, site, shard, known) {
      const key = keyOf(tenant, site, shard);
      if (known) shards.set(key, { names: new Set(known.names), revoked: new Set(known.revoked) });
      else shards.delete(key);
    },
    standing(tenant, site, name) {
      const found = shards.get(keyOf(tenant, site, callerShard(name)));
      if (found?.names.has(name)) return 'known';
      return found?.revoked.has(name) ? 'revoked' : 'unknown';
    },
  };
}
