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
  /**
   * What a site must be told that has everything up to `since` of that bucket; as much of it as fits one message. A
   * position in another bucket, or in none that it names, says nothing: the site is told everything.
   */
  since(site: string, since: number, ofBucket: string | undefined): Omit<CompiledReply, 'time'>;
}

/** Bytes of entries that one reply holds; below the server's largest message, with room for the rest. */
const replyBytes = 600_000;
/** What a site can store as a whole: one atomic batch holds 1,000 messages at most (NATS ADR-50). */
const replyEntries = 900;

/** Creates an empty history of a bucket, which is named by when it was made. */
export function createChanges(bucket: string): Changes {
  const sites = new Map<string, Map<string, Entry>>();
  const newest = new Map<string, number>();
  return {
    set(site, key, value, position) {
      newest.set(site, Math.max(position, newest.get(site) ?? 0));
      const entries = sites.get(site) ?? new Map<string, Entry>();
      sites.set(site, entries);
      entries.set(key, { value, position });
    },
    newest: (site) => newest.get(site) ?? 0,
    since(site, since, ofBucket) {
      const all = [...(sites.get(site) ?? [])].sort(([, a], [, b]) => a.position - b.position);
      const newest = all.at(-1)?.[1].position ?? 0;
      // A site that is ahead has what this registry never wrote: it begins anew.
      const full = since === 0 || since > newest || ofBucket !== bucket;
      const due = all.filter(([, { value, position }]) => (full ? value !== undefined : position > since));
      const entries: CompiledReply['entries'] = [];
      let bytes = 0;
      let position = full ? 0 : since;
      for (const [key, entry] of due) {
        const size = Buffer.byteLength(key) + Buffer.byteLength(JSON.stringify(entry.value ?? null)) + 32;
        const room = entries.length < replyEntries && (entries.length === 0 || bytes + size <= replyBytes);
        if (!room) return { position, bucket, full, more: true, entries };
        bytes += size;
        position = entry.position;
        entries.push(
          entry.value === undefined ? { key } : { key, value: entry.value as Record<string, unknown> },
        );
      }
      return { position: Math.max(position, newest), bucket, full, more: false, entries };
    },
  };
}
