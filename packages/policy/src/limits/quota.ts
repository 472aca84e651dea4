import type { Quota, Service } from '@causeway/protocol';
import type { PolicyDocument } from '../documents.ts';
import { concernsApi, meansCaller } from '../matching/fields.ts';

/** What a quota counts. */
export type QuotaUnit = 'calls' | 'bytes';

/** In which time it counts that. */
export type QuotaWindow = 'minute' | 'hour' | 'day';

/** Lengths of the windows in ms. They begin at whole minutes, hours and days of the hub's clock, UTC. */
export const quotaWindowMs: Readonly<Record<QuotaWindow, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** When the window began that a time (ms on the hub's clock) is in. */
export function quotaWindowStart(window: QuotaWindow, at: number): number {
  return Math.floor(at / quotaWindowMs[window]) * quotaWindowMs[window];
}

/** All that a quota bounds. */
export function quotaAmounts(quota: Quota): { unit: QuotaUnit; window: QuotaWindow; amount: number }[] {
  return (['calls', 'bytes'] as const).flatMap((unit) =>
    (['minute', 'hour', 'day'] as const).flatMap((window) => {
      const amount = quota[unit]?.[window];
      return amount === undefined ? [] : [{ unit, window, amount }];
    }),
  );
}

/**
 * Whether one site can have calls of a caller under a policy: the policy allows, means the caller, and concerns an API
 * that one of the site's identities (`hosts`, of the policy's tenant) serves there.
 */
export function isUsedAt(policy: PolicyDocument, caller: Service, hosts: readonly Service[]): boolean {
  if (policy.effect !== 'allow') return false;
  if (!meansCaller(policy, { site: caller.site, service: caller.name, labels: caller.labels })) return false;
  return hosts.some(({ name, site, labels, hosts: majors = [] }) =>
    majors.some((major) => concernsApi(policy, { service: name, major, site, labels })),
  );
}
