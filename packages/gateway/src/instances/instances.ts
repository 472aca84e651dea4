import { CausewayError, type Clock } from '@causeway/protocol';

/** One running instance of a service at this site. */
export interface Instance {
  readonly id: string;
  readonly service: string;
  /** `serve.<site>.<service>.<id>`: what its requests are published under. */
  readonly servePrefix: string;
  majors: ReadonlySet<number>;
  /** Calls handed to it and not yet answered. */
  outstanding: number;
  /** Deadlines missed in a row. */
  missed: number;
  /** Monotonic ms of its last answer. */
  lastAnswer: number;
  /** Monotonic ms until which it is left out; 0 for not at all. */
  outUntil: number;
  /** Length of the last time out, in ms; doubles. */
  lastOut: number;
  /** Said itself, in its last renewal, that it is well. */
  healthy: boolean;
  /** Monotonic ms at which the registration lapses. */
  expires: number;
}

/** How long a registration holds without renewal, in ms. */
export const leaseMs = 9_000;
const missedBeforeOut = 3;
/** Instances of one service at one gateway: each call looks at all of them. */
const maxInstances = 64;
const firstOutMs = 500;
const longestOutMs = 30_000;

/** The instances registered at this gateway for one tenant. */
export interface Instances {
  /** Adds an instance, or renews it under the same id. Throws OVERLOADED where the service has 64. */
  register(service: string, id: string, majors: readonly number[]): Instance;
  /** Renews a lease; false where the instance is not known (it must register again). */
  renew(service: string, id: string, healthy: boolean): boolean;
  /** Takes an instance out for good. */
  remove(service: string, id: string): boolean;
  /** The healthy instance with the fewest calls outstanding, or undefined. */
  pick(service: string, major: number): Instance | undefined;
  /** True while any instance can be picked. */
  available(service: string, major: number): boolean;
  /** The instance answered in time: its count of missed deadlines starts anew. */
  answered(instance: Instance): void;
  /**
   * The instance let the deadline of a call pass that it was given at this monotonic time; after three in a row it is
   * left out for a growing time. Calls that it had before it was left out do not make that longer: one stall is one
   * fault, however many calls it held up. Nor do calls count that it had before its last answer: those that a cut lost
   * end together, when all is well again.
   */
  missedDeadline(instance: Instance, given: number): void;
  /** Lets registrations lapse; call it about once a second. */
  sweep(): void;
  /** Number of instances of each service. */
  counts(): Map<string, number>;
}

/**
 * Creates the table. `onChange` is called with a service when an instance of it comes, goes or changes health,
 * so that routes can follow.
 */
export function createInstances(options: {
  site: string;
  clock: Clock;
  onChange: (service: string) => void;
}): Instances {
  const { site, clock, onChange } = options;
  const byService = new Map<string, Map<string, Instance>>();

  const usable = (instance: Instance, major: number, now: number) =>
    instance.healthy && instance.majors.has(major) && instance.outUntil <= now && instance.expires > now;

  function remove(service: string, id: string): boolean {
    const ofService = byService.get(service);
    if (!ofService?.delete(id)) return false;
    if (ofService.size === 0) byService.delete(service);
    onChange(service);
    return true;
  }

  return {
    register(service, id, majors) {
      let ofService = byService.get(service);
      if (!ofService) {
        ofService = new Map();
        byService.set(service, ofService);
      }
      const fresh = {
        majors: new Set(majors),
        missed: 0,
        lastAnswer: Number.NEGATIVE_INFINITY,
        outUntil: 0,
        lastOut: 0,
        healthy: true,
        expires: clock.monotonic() + leaseMs,
      };
      const known = ofService.get(id);
      if (!known && ofService.size >= maxInstances) {
        throw new CausewayError(
          'OVERLOADED',
          `${service} has ${maxInstances} instances at ${site}; no more are taken`,
        );
      }
      // The same object where it is known: calls under way will count themselves off on it.
      const instance: Instance = known
        ? Object.assign(known, fresh)
        : { id, service, servePrefix: `serve.${site}.${service}.${id}`, outstanding: 0, ...fresh };
      ofService.set(id, instance);
      onChange(service);
      return instance;
    },
    renew(service, id, healthy) {
      const instance = byService.get(service)?.get(id);
      if (!instance) return false;
      instance.expires = clock.monotonic() + leaseMs;
      if (instance.healthy !== healthy) {
        instance.healthy = healthy;
        onChange(service);
      }
      return true;
    },
    remove,
    pick(service, major) {
      const ofService = byService.get(service);
      if (!ofService) return undefined;
      const now = clock.monotonic();
      let best: Instance | undefined;
      for (const instance of ofService.values()) {
        if (!usable(instance, major, now)) continue;
        if (!best || instance.outstanding < best.outstanding) best = instance;
      }
      return best;
    },
    available(service, major) {
      const ofService = byService.get(service);
      if (!ofService) return false;
      const now = clock.monotonic();
      for (const instance of ofService.values()) if (usable(instance, major, now)) return true;
      return false;
    },
    answered(instance) {
      instance.missed = 0;
      instance.lastOut = 0;
      instance.lastAnswer = clock.monotonic();
    },
    missedDeadline(instance, given) {
      if (instance.outUntil > clock.monotonic() || instance.lastAnswer > given) return;
      instance.missed += 1;
      if (instance.missed < missedBeforeOut) return;
      instance.missed = 0;
      instance.lastOut = Math.min(longestOutMs, Math.max(firstOutMs, instance.lastOut * 2));
      instance.outUntil = clock.monotonic() + instance.lastOut;
      onChange(instance.service);
      clock.after(instance.lastOut + 1, () => onChange(instance.service));
    },
    sweep() {
      const now = clock.monotonic();
      for (const [service, ofService] of byService) {
        for (const instance of ofService.values()) if (instance.expires <= now) remove(service, instance.id);
      }
    },
    counts() {
      return new Map([...byService].map(([service, ofService]) => [service, ofService.size]));
    },
  };
}
