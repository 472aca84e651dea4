import type { QuotaUnit, QuotaWindow } from '@causeway/policy';

/** What is counted together: one caller under one policy in one window. */
export interface Window {
  readonly tenant: string;
  readonly policy: string;
  readonly from: { readonly site: string; readonly service: string };
  readonly window: QuotaWindow;
  /** When it began, ms on the hub's clock. */
  readonly start: number;
}

/** What each site was given, by unit; the value in the bucket. */
export type Held = { readonly [U in QuotaUnit]?: Readonly<Record<string, number>> };

/** An account of the ledger as it was stored last. */
export interface Account {
  readonly held: Held;
  /** Sites that stand in it. */
  readonly sites: ReadonlySet<string>;
  /** Sequence of its last change; 0 for none. */
  readonly revision: number;
}

/** The account of what is held. */
export function heldOf(held: Held, revision: number): Account {
  const sites = new Set(Object.values(held).flatMap((bySite) => Object.keys(bySite)));
  return { held, sites, revision };
}

/** Its key: the window first, so that one that is over can be taken out as a whole. */
export function accountKey({ tenant, policy, from, window, start }: Window): string {
  return `${window}.${start}.${tenant}.${policy}.${from.site}.${from.service}`;
}

/** What all sites together were given. */
export function spentOf({ held }: Account, unit: QuotaUnit): number {
  return Object.values(held[unit] ?? {}).reduce((sum, amount) => sum + amount, 0);
}

/** Of what is left one site gets this part at once, or what it needs: so there is some for the others. */
const part = 8;

/** How much of what is left is given to a site that has calls waiting for `need`. */
export function grantOf(left: number, need: number): number {
  if (left <= 0) return 0;
  return Math.min(left, Math.max(need, Math.ceil(left / part)));
}
