/** Which revisions concerned which sites: what a site must have for a change to be in force there. */
export interface Told {
  /** A site was told of a revision, at a time: ms on this clock. They come in rising order. */
  site(site: string, revision: number, at: number): void;
  /** A revision was compiled, with all before it: sites that were told of none in between are not concerned. */
  compiled(revision: number): void;
  /** The last revision that concerned a site; 0 where none did. */
  last(site: string): number;
  /**
   * The revision that a site must have for all that was changed from one revision to another to be in force there;
   * undefined where nothing of that concerns it. Of what is long ago a newer revision may be given.
   */
  needed(site: string, since: number, revision: number): number | undefined;
  /** When a site was told first of what it has not that has this revision; undefined where it has all. */
  behindSince(site: string, revision: number): number | undefined;
  /** The newest revision that was compiled; -1 before the first. */
  readonly newest: number;
}

/** Changes that are kept for each site, and of all. */
const kept = 1_000;

/** Creates it, knowing nothing. */
export function createTold(): Told {
  const sites = new Map<string, { readonly revision: number; readonly at: number }[]>();
  const runs: number[] = [];

  /** The run that brought a revision to the sites; Infinity where that is not known any more, or not yet. */
  function runOf(revision: number): number {
    const oldest = runs[0];
    // Of what was compiled before the first run that is known, nobody knows when.
    if (oldest === undefined || revision < oldest)
      return revision === oldest ? oldest : Number.POSITIVE_INFINITY;
    return runs.find((run) => run >= revision) ?? Number.POSITIVE_INFINITY;
  }

  return {
    site(site, revision, at) {
      const marks = sites.get(site) ?? [];
      sites.set(site, marks);
      // A registry that was restored from a backup counts on from an older revision.
      while ((marks.at(-1)?.revision ?? -1) >= revision) marks.pop();
      marks.push({ revision, at });
      if (marks.length > kept) marks.shift();
    },
    compiled(revision) {
      if (runs.at(-1) === revision) return;
      runs.push(revision);
      if (runs.length > kept) runs.shift();
    },
    last: (site) => sites.get(site)?.at(-1)?.revision ?? 0,
    needed(site, since, revision) {
      const marks = sites.get(site) ?? [];
      const run = runOf(revision);
      const next = marks.find((mark) => mark.revision >= revision);
      if (next && next.revision <= run) return next.revision;
      const before = marks.findLast((mark) => mark.revision < revision);
      return before && before.revision >= since ? before.revision : undefined;
    },
    behindSince: (site, revision) => sites.get(site)?.find((mark) => mark.revision > revision)?.at,
    get newest() {
      return runs.at(-1) ?? -1;
    },
  };
}
