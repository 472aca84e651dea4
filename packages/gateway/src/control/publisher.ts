import { sameContract } from '@causeway/policy';
import { type Manifest, majorOf } from '@causeway/protocol';
import type { InForce } from '../state/in-force.ts';
import type { SiteState } from '../state/site-state.ts';
import type { ControlLink } from './control-link.ts';

/** Sees to it that what a service registers is published, and that this site knows it. */
export interface Publisher {
  /** Resolves when these APIs are in force for the tenant at this site; rejects with the registry's refusal. */
  ensure(tenant: string, service: string, apis: readonly Manifest[]): Promise<void>;
}

/** Creates the publisher. Without the cloud, what is known already can still be registered. */
export function createPublisher(options: {
  state: Pick<SiteState, 'served'>;
  control: Pick<ControlLink, 'publish'>;
  inForce: Pick<InForce, 'reached'>;
}): Publisher {
  const { state, control, inForce } = options;

  const known = (tenant: string, api: Manifest) => {
    const served = state.served(tenant, api.service, majorOf(api.version));
    return served !== undefined && sameContract(served.source.manifest, api);
  };

  return {
    async ensure(tenant, service, apis) {
      if (apis.every((api) => known(tenant, api))) return;
      await inForce.reached(tenant, await control.publish(tenant, service, apis));
    },
  };
}
