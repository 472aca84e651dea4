import { longestLease } from '@causeway/policy';
import type { Clock, RevocationReceipt, Site } from '@causeway/protocol';
import type { Compiler } from '../compile/compiler.ts';
import { type Gateways, gatewayLeaseMs } from '../control/gateways.ts';
import type { DocumentStore } from '../documents/store.ts';

/** Where a change of identities is in force, as far as the sites have said so. */
export interface IdentityReceipts {
  /**
   * Waits until every site that can be reached has what was compiled for it by now, `waitMs` at most; resolves with
   * how it stands then, at all of them. `tenant` is whose leases count; of all where absent.
   */
  collect(sites: readonly Site[], waitMs: number, tenant?: string): Promise<RevocationReceipt[]>;
}

/** How long a reply waits where its request does not say, in ms. */
export const defaultWaitMs = 2_000;
const pollMs = 5;

/** Creates it. */
export function createIdentityReceipts(options: {
  store: Pick<DocumentStore, 'all'>;
  compiler: Pick<Compiler, 'siteRevision'>;
  gateways: Pick<Gateways, 'of'>;
  clock: Pick<Clock, 'monotonic' | 'after'>;
}): IdentityReceipts {
  const { store, compiler, gateways, clock } = options;

  /** In force: every gateway of the site has said so. Reachable: each of them renewed lately. */
  function standingOf(site: Site, wanted: number) {
    const known = new Map(gateways.of(site.name).map((gateway) => [gateway.name, gateway]));
    const ofSite = Object.keys(site.gateways).map((name) => known.get(name));
    const seen = ofSite.map((gateway) => gateway?.seen);
    const oldest = Math.max(0, ...seen.map((each) => each ?? Number.POSITIVE_INFINITY));
    return {
      inForce: ofSite.every((gateway) => (gateway?.revision ?? -1) >= wanted && gateway?.seen !== undefined),
      reachable: oldest <= gatewayLeaseMs,
      seen: Number.isFinite(oldest) ? oldest : null,
    };
  }

  return {
    async collect(sites, waitMs, tenant) {
      const wanted = new Map(sites.map(({ name }) => [name, compiler.siteRevision(name)]));
      const wantedAt = ({ name }: Site) => wanted.get(name) ?? 0;
      const end = clock.monotonic() + waitMs;
      const waitedFor = (site: Site) => {
        const { inForce, reachable } = standingOf(site, wantedAt(site));
        return reachable && !inForce;
      };
      while (clock.monotonic() < end && sites.some(waitedFor)) {
        await new Promise<void>((resolve) => clock.after(pollMs, resolve));
      }
      const lease = longestLease(
        store.all.policies.filter((policy) => tenant === undefined || policy.tenant === tenant),
      );
      return sites.map((site) => {
        const { inForce, seen } = standingOf(site, wantedAt(site));
        const cutOff = site.revoked ? { cutOff: true as const } : {};
        return inForce
          ? { site: site.name, inForce, ...cutOff }
          : { site: site.name, inForce, seen, lease, ...cutOff };
      });
    },
  };
}
