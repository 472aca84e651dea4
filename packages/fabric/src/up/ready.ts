import { CausewayError, type Clock, type StatusReply } from '@causeway/protocol';
import type { AdminClient } from '../admin/client.ts';

const pollMs = 50;
const limitMs = 30_000;

/** What is wrong with a fabric, in words; empty where it is healthy. */
export function ailments(
  status: StatusReply,
  sites: readonly string[],
  tenants: readonly string[],
): string[] {
  const found: string[] = [];
  const links = new Set(status.links.map(({ site, account }) => `${site}/${account}`));
  for (const site of sites) {
    const here = status.sites.find((each) => each.name === site);
    if (!here) {
      found.push(`site ${site} is not known to the registry`);
      continue;
    }
    // It was cut off on purpose.
    if (here.revoked) continue;
    if (site !== sites[0]) {
      const kept = new Map(here.cutOff?.map(({ account, reason }) => [account, reason]));
      for (const account of ['CONTROL', ...(here.tenants ?? tenants)]) {
        const reason = kept.get(account);
        if (reason !== undefined) {
          found.push(`site ${site} is kept out of ${account} by the watchdog: it ${reason}`);
        } else if (!links.has(`${site}/${account}`)) found.push(`site ${site} has no link for ${account}`);
      }
    }
    for (const tenant of here.awaited ?? []) found.push(`site ${site} has not taken up tenant ${tenant} yet`);
    const refused = (here.recordsRefused ?? 0) + (here.countersRefused ?? 0);
    if (refused > 0) {
      found.push(
        `site ${site} sent ${refused} messages that are no records of its own; the registry’s log names them`,
      );
    }
    for (const gateway of here.gateways) {
      if (!gateway.alive) found.push(`gateway ${site}/${gateway.name} is not heard of`);
      else if ((gateway.revision ?? 0) < here.wanted) {
        found.push(
          `gateway ${site}/${gateway.name} has revision ${gateway.revision ?? 'none'} of ${here.wanted}`,
        );
      }
    }
  }
  return found;
}

/**
 * Resolves with what the registry says when every link is up and every gateway has what concerns it. Rejects with what
 * is missing.
 */
export async function waitUntilReady(options: {
  admin: AdminClient;
  sites: readonly string[];
  tenants: readonly string[];
  clock: Clock;
}): Promise<StatusReply> {
  const { admin, sites, tenants, clock } = options;
  const end = clock.monotonic() + limitMs;
  for (;;) {
    const status = await admin.status().catch((error: unknown) => {
      // It may be starting.
      if (error instanceof CausewayError && error.retryable) return error.reason;
      throw error;
    });
    const found = typeof status === 'string' ? [status] : ailments(status, sites, tenants);
    if (typeof status !== 'string' && found.length === 0) return status;
    if (clock.monotonic() > end) throw new Error(`the fabric did not become ready: ${found.join('; ')}`);
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
}
