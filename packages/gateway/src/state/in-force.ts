import { CausewayError, type Clock } from '@causeway/protocol';

/** What is in force at a gateway, as against what it has only been told. */
export interface InForce {
  /** The newest revision of which everything is in force: tables, claims, credentials and subscriptions. */
  readonly revision: number;
  /** A tenant came to the site, which has applied this revision. */
  add(tenant: string, revision: number): void;
  /** A tenant left. */
  remove(tenant: string): void;
  /** A revision has been applied; it counts once all that it brought is in use. */
  applied(revision: number): void;
  /**
   * Resolves when a revision is in force for one tenant, whatever becomes of the others. Rejects with UNREACHABLE
   * where that takes longer than 5 s.
   */
  reached(tenant: string, revision: number): Promise<void>;
}

const patienceMs = 5_000;

/** What is in force for one tenant, or for all of them. */
function createTrack(settled: () => Promise<void>, onReached: (revision: number) => void) {
  let revision = 0;
  let queue: Promise<void> = Promise.resolve();
  return {
    get revision() {
      return revision;
    },
    applied(next: number) {
      queue = queue.then(settled).then(() => {
        // The last counts, be it lower: of a registry that was restored from a backup.
        revision = next;
        onReached(next);
      });
    },
  };
}

/**
 * Creates it. `settled` resolves when what was applied so far for a tenant, or for all where it names none, is in use;
 * `onReached` is told each revision that then is in force for all, in order.
 */
export function createInForce(options: {
  tenants: readonly string[];
  settled: (tenant?: string) => Promise<void>;
  onReached: (revision: number) => void;
  clock: Clock;
}): InForce {
  const { tenants, settled, onReached, clock } = options;
  const waiting = new Set<{ tenant: string; revision: number; resolve: () => void }>();

  function release(tenant: string, revision: number): void {
    for (const entry of waiting) {
      if (entry.tenant === tenant && entry.revision <= revision) entry.resolve();
    }
  }

  const everything = createTrack(() => settled(), onReached);
  const createTenantTrack = (tenant: string) =>
    createTrack(
      () => settled(tenant),
      (revision) => release(tenant, revision),
    );
  const tracks = new Map(tenants.map((tenant) => [tenant, createTenantTrack(tenant)]));

  return {
    add(tenant, revision) {
      const track = tracks.get(tenant) ?? createTenantTrack(tenant);
      tracks.set(tenant, track);
      track.applied(revision);
    },
    remove(tenant) {
      tracks.delete(tenant);
    },
    get revision() {
      return everything.revision;
    },
    applied(revision) {
      for (const track of tracks.values()) track.applied(revision);
      everything.applied(revision);
    },
    reached(tenant, revision) {
      if ((tracks.get(tenant)?.revision ?? 0) >= revision) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const entry = {
          tenant,
          revision,
          resolve: () => {
            waiting.delete(entry);
            cancel();
            resolve();
          },
        };
        const cancel = clock.after(patienceMs, () => {
          waiting.delete(entry);
          const reason = `revision ${revision} has not reached the site yet; try again`;
          reject(new CausewayError('UNREACHABLE', reason));
        });
        waiting.add(entry);
      });
    },
  };
}
