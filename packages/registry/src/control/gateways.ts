import type { BeatRequest, Clock } from '@causeway/protocol';

/** What the registry knows of one gateway replica. */
export interface GatewayStatus {
  readonly site: string;
  readonly name: string;
  /** Milliseconds since its last renewal; undefined before the first since the registry started. */
  readonly seen: number | undefined;
  /** The revision it last renewed with, or the newer one it sent a receipt for since. */
  readonly revision: number | undefined;
  readonly instances: Readonly<Record<string, number>>;
  /** Of its process and of its site's server, with their ages as of now. */
  readonly memory: BeatRequest['memory'];
  readonly serverMemory: BeatRequest['memory'];
}

/** The gateways as they were heard of last. Soft state: it builds up again within one renewal. */
export interface Gateways {
  renewed(site: string, beat: BeatRequest): void;
  received(site: string, gateway: string, revision: number): void;
  of(site: string): readonly GatewayStatus[];
  /** Milliseconds since the table was made: whoever was not heard of in that time may yet be. */
  readonly age: number;
  /** Resolves when the next renewal or receipt has come. */
  next(): Promise<void>;
}

/** A gateway counts as gone after three renewals were missed, in ms. */
export const gatewayLeaseMs = 6_500;

/** Whether all gateways of a site are heard of, and have what concerns it. */
export function hasCaughtUp(gateways: readonly GatewayStatus[], revision: number): boolean {
  return (
    gateways.length > 0 &&
    gateways.every(
      ({ seen, revision: has }) => (seen ?? Infinity) <= gatewayLeaseMs && (has ?? -1) >= revision,
    )
  );
}

/** Creates the table. */
export function createGateways(clock: Clock): Gateways {
  /** Resident bytes, and when that was on this clock. */
  interface Measured {
    readonly rss: number;
    readonly at: number;
  }
  interface Known {
    heard: number | undefined;
    revision: number | undefined;
    instances: Readonly<Record<string, number>>;
    memory: Measured | undefined;
    serverMemory: Measured | undefined;
  }
  const sites = new Map<string, Map<string, Known>>();
  const started = clock.monotonic();
  let heard = Promise.withResolvers<void>();

  function tell(): void {
    const { resolve } = heard;
    heard = Promise.withResolvers();
    resolve();
  }

  function known(site: string, gateway: string): Known {
    const ofSite = sites.get(site) ?? new Map<string, Known>();
    sites.set(site, ofSite);
    const entry = ofSite.get(gateway) ?? {
      heard: undefined,
      revision: undefined,
      instances: {},
      memory: undefined,
      serverMemory: undefined,
    };
    ofSite.set(gateway, entry);
    return entry;
  }

  const measured = (memory: BeatRequest['memory']): Measured | undefined =>
    memory && { rss: memory.rss, at: clock.monotonic() - memory.age };
  const asOfNow = (memory: Measured | undefined): BeatRequest['memory'] =>
    memory && {
      rss: memory.rss,
      // A site may have told the greatest age there is.
      age: Math.min(Number.MAX_SAFE_INTEGER, Math.round(clock.monotonic() - memory.at)),
    };

  return {
    renewed(site, beat) {
      const entry = known(site, beat.gateway);
      entry.heard = clock.monotonic();
      // As it says: a gateway that has gone back to older tables must show.
      entry.revision = beat.revision;
      entry.instances = beat.instances ?? {};
      // Its first renewal, and a gateway of before, tell none: the last figure grows old.
      entry.memory = measured(beat.memory) ?? entry.memory;
      entry.serverMemory = measured(beat.serverMemory) ?? entry.serverMemory;
      tell();
    },
    received(site, gateway, revision) {
      const entry = known(site, gateway);
      entry.revision = Math.max(entry.revision ?? 0, revision);
      tell();
    },
    get age() {
      return Math.round(clock.monotonic() - started);
    },
    next: () => heard.promise,
    of(site) {
      return [...(sites.get(site) ?? [])].map(([name, entry]) => ({
        site,
        name,
        seen: entry.heard === undefined ? undefined : Math.round(clock.monotonic() - entry.heard),
        revision: entry.revision,
        instances: entry.instances,
        memory: asOfNow(entry.memory),
        serverMemory: asOfNow(entry.serverMemory),
      }));
    },
  };
}
