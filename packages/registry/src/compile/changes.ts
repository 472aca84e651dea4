import type { CompiledReply } from '@causeway/protocol';

/** A key of a site's part of `compiled`, as it stands. */
interface Entry {
  /** Undefined where it was deleted. */
  readonly value: unknown;
  /** Sequence of its last change in the bucket's stream. */
  readonly position: number;
}

/** What changed for each site and when, so that a site can be told just what it does not have yet. */
export interface Changes {
  set(site: string, key: string, value: unknown, position: number): void;
  /** The position of a site's last change; 0 where there was none. */
  newest(site: string): number;
  /** The value that a key has is this one: equal to it, and held once. */
  share(site: string, key: string, value: unknown): void;
  /**
   * What a site must be told that has everything up to `since` of that bucket; as much of it as fits one message. A
   * position in another bucket, or in none that it names, says nothing: the site is told everything. Costs what there is
   * to tell, not what there is.
   */
  since(site: string, since: number, ofBucket: string | undefined): Omit<CompiledReply, 'time'>;
}

/** Bytes of entries that one reply holds; below the server's largest message, with room for the rest. */
const replyBytes = 600_000;
/** What a site can store as a whole: one atomic batch holds 1,000 messages at most (NATS ADR-50). */
const replyEntries = 900;
/** A log is cleaned where it is so many times as long as what stands in it. */
const slack = 2;
const shortest = 64;

/** One site: its keys as they stand, and the order in which they became so. */
interface SiteLog {
  readonly entries: Map<string, Entry>;
  /** By position; what was set again since stands in it twice, and counts where it stands last. */
  log: { readonly key: string; readonly position: number }[];
}

/** The place in the log of the first change after a position. */
function firstAfter(log: SiteLog['log'], position: number): number {
  let from = 0;
  let to = log.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((log[middle]?.position ?? 0) <= position) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Creates an empty history of a bucket, which is named by when it was made. */
export function createChanges(bucket: string): Changes {
  const sites = new Map<string, SiteLog>();
  return {
    set(site, key, value, position) {
      const known = sites.get(site) ?? { entries: new Map<string, Entry>(), log: [] };
      sites.set(site, known);
      const { entries, log } = known;
      entries.set(key, { value, position });
      const inOrder = (log.at(-1)?.position ?? 0) < position;
      log.push({ key, position });
      if (!inOrder) log.sort((a, b) => a.position - b.position);
      if (log.length <= Math.max(shortest, entries.size * slack)) return;
      known.log = log.filter((each) => entries.get(each.key)?.position === each.position);
    },
    newest: (site) => sites.get(site)?.log.at(-1)?.position ?? 0,
    share(site, key, value) {
      const entries = sites.get(site)?.entries;
      const entry = entries?.get(key);
      if (entries && entry) entries.set(key, { ...entry, value });
    },
    since(site, since, ofBucket) {
      const { entries: known, log } = sites.get(site) ?? { entries: new Map<string, Entry>(), log: [] };
      const newest = log.at(-1)?.position ?? 0;
      // A site that is ahead has what this registry never wrote: it begins anew.
      const full = since === 0 || since > newest || ofBucket !== bucket;
      const entries: CompiledReply['entries'] = [];
      let bytes = 0;
      let position = full ? 0 : since;
      for (let at = full ? 0 : firstAfter(log, since); at < log.length; at += 1) {
        const change = log[at] as SiteLog['log'][number];
        const entry = known.get(change.key);
        if (entry?.position !== change.position || (full && entry.value === undefined)) continue;
        const { value } = entry;
        const size = Buffer.byteLength(change.key) + Buffer.byteLength(JSON.stringify(value ?? null)) + 32;
        const room = entries.length < replyEntries && (entries.length === 0 || bytes + size <= replyBytes);
        if (!room) return { position, bucket, full, more: true, entries };
        bytes += size;
        position = change.position;
        entries.push(
          value === undefined
            ? { key: change.key }
            : { key: change.key, value: value as Record<string, unknown> },
        );
      }
      return { position: Math.max(position, newest), bucket, full, more: false, entries };
    },
  };
}
