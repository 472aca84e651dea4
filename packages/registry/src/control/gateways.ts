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
}

/** The gateways as they were heard of last. Soft state: it builds up again within one renewal. */
export interface Gateways {
  renewed(site: string, beat: BeatRequest): void;
  received(site: string, gateway: string, revision: number): void;
  of(site: string): readonly GatewayStatus[];
}

/** A gateway counts as gone after three renewals were missed, in ms. */
export const gatewayLeaseMs = 6_500;

/** Creates the table. */
export function createGateways(clock: Clock): Gateways {
  interface Known {
    heard: number | undefined;
    revision: number | undefined;
    instances: Readonly<Record<string, number>>;
  }
  const sites = new Map<string, Map<string, Known>>();

  function known(site: string, gateway: string): Known {
    const ofSite = sites.get(site) ?? new Map<string, Known>();
    sites.set(site, ofSite);
    const entry = ofSite.get(gateway) ?? { heard: undefined, revision: undefined, instances: {} };
    ofSite.set(gateway, entry);
    return entry;
  }

  return {
    renewed(site, beat) {
      const entry = known(site, beat.gateway);
      entry.heard = clock.monotonic();
      // As it says: a gateway that has gone back to older tables must show.
      entry.revision = beat.revision;
      entry.instances = beat.instances ?? {};
    },
    received(site, gateway, revision) {
      const entry = known(site, gateway);
      entry.revision = Math.max(entry.revision ?? 0, revision);
    },
    of(site) {
      return [...(sites.get(site) ?? [])].map(([name, entry]) => ({
        site,
        name,
        seen: entry.heard === undefined ? undefined : Math.round(clock.monotonic() - entry.heard),
        revision: entry.revision,
        instances: entry.instances,
      }));
    },
  };
}
