import { sameContract } from '@causeway/policy';
import { CausewayError, type Clock, type Manifest, majorOf } from '@causeway/protocol';
import type { SiteState } from '../state/site-state.ts';
import type { ControlLink } from './control-link.ts';

/** Sees to it that what a service registers is published, and that this site knows it. */
export interface Publisher {
  /** Resolves when these APIs are in force at this site; rejects with the registry's refusal. */
  ensure(tenant: string, service: string, apis: readonly Manifest[]): Promise<void>;
  /** A revision came into force. */
  reached(revision: number): void;
}

const inForceTimeoutMs = 5_000;

/** Creates the publisher. Without the cloud, what is known already can still be registered. */
export function createPublisher(options: {
  state: SiteState;
  clock: Clock;
  control: () => ControlLink | undefined;
  /** The newest revision in force here. */
  inForce: () => number;
}): Publisher {
  const { state, clock } = options;
  const waiting = new Set<{ revision: number; resolve: () => void }>();

  const known = (tenant: string, api: Manifest) => {
    const served = state.served(tenant, api.service, majorOf(api.version));
    return served !== undefined && sameContract(served.source.manifest, api);
  };

  function inForce(revision: number): Promise<void> {
    if (options.inForce() >= revision) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const cancel = clock.after(inForceTimeoutMs, () => {
        waiting.delete(entry);
        reject(
          new CausewayError('UNREACHABLE', `revision ${revision} has not reached the site yet; try again`),
        );
      });
      const entry = {
        revision,
        resolve: () => {
          cancel();
          resolve();
        },
      };
      waiting.add(entry);
    });
  }

  return {
    async ensure(tenant, service, apis) {
      if (apis.every((api) => known(tenant, api))) return;
      const control = options.control();
      if (!control) throw new CausewayError('UNREACHABLE', 'the gateway is starting; try again');
      await inForce(await control.publish(tenant, service, apis));
    },
    reached(revision) {
      for (const entry of waiting) {
        if (entry.revision > revision) continue;
        waiting.delete(entry);
        entry.resolve();
      }
    },
  };
}
