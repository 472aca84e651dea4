import { createTokenBucket, sameContract, type TokenBucket } from '@causeway/policy';
import { CausewayError, type Clock, type Manifest, majorOf } from '@causeway/protocol';
import type { InForce } from '../state/in-force.ts';
import type { SiteState } from '../state/site-state.ts';
import type { ControlLink } from './control-link.ts';

/** Sees to it that what a service registers is published, and that this site knows it. */
export interface Publisher {
  /**
   * Resolves when these APIs are in force for the tenant at this site; rejects with the registry's refusal,
   * or OVERLOADED where they are published too often.
   */
  ensure(tenant: string, service: string, apis: readonly Manifest[]): Promise<void>;
}

/**
 * The registry bounds what a site asks of it (100 a second), and that is also how the site's gateway hears of policies
 * and revocations: its services may use half of it together, no tenant's all of that, and none of them much of it.
 */
const ofSite = { rate: 50, burst: 250 };
const ofTenant = { rate: 40, burst: 200 };
const ofService = { rate: 2, burst: 20 };

/** Creates the publisher. Without the cloud, what is known already can still be registered. */
export function createPublisher(options: {
  state: Pick<SiteState, 'served'>;
  control: Pick<ControlLink, 'publish'>;
  inForce: Pick<InForce, 'reached'>;
  clock: Pick<Clock, 'monotonic'>;
}): Publisher {
  const { state, control, inForce, clock } = options;
  const all = createTokenBucket({ ...ofSite, now: clock.monotonic() });
  // One for each tenant and identity that ever published here: the broker lets nobody make up others.
  const each = new Map<string, TokenBucket>();
  const bucketOf = (key: string, limits: typeof ofSite, now: number): TokenBucket => {
    const bucket = each.get(key) ?? createTokenBucket({ ...limits, now });
    each.set(key, bucket);
    return bucket;
  };

  /** Throws OVERLOADED where a service, its tenant's or all of them publish more than they may. */
  function admit(tenant: string, service: string): void {
    const now = clock.monotonic();
    // What all share comes last: who is over a limit of its own takes nothing from the others.
    const retryAfter =
      bucketOf(`${tenant}.${service}`, ofService, now).take(now) ||
      bucketOf(tenant, ofTenant, now).take(now) ||
      all.take(now);
    if (retryAfter === 0) return;
    throw new CausewayError(
      'OVERLOADED',
      `${service} publishes more often than it may; wait ${retryAfter} ms`,
      {
        retryAfter,
      },
    );
  }

  const known = (tenant: string, api: Manifest) => {
    const served = state.served(tenant, api.service, majorOf(api.version));
    return served !== undefined && sameContract(served.source.manifest, api);
  };

  return {
    async ensure(tenant, service, apis) {
      if (apis.every((api) => known(tenant, api))) return;
      admit(tenant, service);
      await inForce.reached(tenant, await control.publish(tenant, service, apis));
    },
  };
}
