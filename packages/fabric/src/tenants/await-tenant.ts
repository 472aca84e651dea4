import { hubSite } from '@causeway/identity';
import { CausewayError, type Clock, type StatusReply } from '@causeway/protocol';
import type { AdminClient } from '../admin/client.ts';

const pollMs = 100;
const limitMs = 20_000;

/** Sites where a change of a tenant is in force, and those where it is not yet, with why. */
export interface TenantProgress {
  readonly done: readonly string[];
  readonly waiting: readonly { readonly site: string; readonly why: string }[];
}

/** Why a site does not have a change of a tenant yet; undefined where it does. */
type Lack = (site: StatusReply['sites'][number], status: StatusReply) => string | undefined;

/** Waits until a change of a tenant is in force at these sites, 20 s at most; at one that is away it is when that is back. */
export async function awaitTenant(
  admin: Pick<AdminClient, 'status'>,
  options: { readonly sites: readonly string[]; readonly lack: Lack; readonly clock: Clock },
): Promise<TenantProgress> {
  const { sites, lack, clock } = options;
  const end = clock.monotonic() + limitMs;
  for (;;) {
    const status = await admin.status().catch((error: unknown) => {
      // It may be starting again.
      if (error instanceof CausewayError && error.retryable) return undefined;
      throw error;
    });
    const found = sites.map((name) => ({ site: name, why: status && whyNot(status, name, lack) }));
    const waiting = found.flatMap(({ site, why }) =>
      why === undefined && status ? [] : [{ site, why: why ?? 'the registry does not answer' }],
    );
    const away = status && waiting.every(({ why }) => why === isAway);
    if (waiting.length === 0 || away || clock.monotonic() > end) {
      const late = new Set(waiting.map(({ site }) => site));
      return { done: sites.filter((site) => !late.has(site)), waiting };
    }
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
}

const isAway = 'its gateway is not heard of; it takes the change up when it is back';

function whyNot(status: StatusReply, name: string, lack: Lack): string | undefined {
  const site = status.sites.find((each) => each.name === name);
  // Removed meanwhile.
  if (!site || site.revoked) return undefined;
  if (!site.gateways.some(({ alive }) => alive)) return isAway;
  const behind = site.gateways.find(({ alive, revision }) => alive && (revision ?? 0) < site.wanted);
  return lack(site, status) ?? (behind && `gateway ${behind.name} has not taken it up yet`);
}

/** What a site lacks where a tenant is to be. */
export const lacksTenant =
  (tenant: string): Lack =>
  (site, { links }) => {
    if (!site.tenants?.includes(tenant)) return 'it has not made its keys yet';
    const linked = links.some((link) => link.site === site.name && link.account === tenant);
    return site.name === hubSite || linked ? undefined : 'its link is not up yet';
  };

/** What a site lacks where a tenant is to be no more. */
export const hasTenant =
  (tenant: string): Lack =>
  (site, { links }) =>
    links.some((link) => link.site === site.name && link.account === tenant)
      ? 'its link is up still'
      : undefined;
