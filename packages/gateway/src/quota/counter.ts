import { type QuotaUnit, type QuotaWindow, quotaWindowMs, quotaWindowStart } from '@causeway/policy';
import type { QuotaRequest } from '@causeway/protocol';

/** Whose quota it is, and of what. */
export interface CounterName {
  readonly tenant: string;
  readonly policy: string;
  readonly from: { readonly site: string; readonly service: string };
  readonly unit: QuotaUnit;
  readonly window: QuotaWindow;
}

/** Why no more is to be had of a quota: nothing is left, nobody answers, or the registry's own words. */
export type Dearth = 'used-up' | 'unreachable' | { readonly refused: string };

/** This gateway's share of one quota in the window that it is. Changed in place: a call must allocate nothing. */
export interface Counter {
  readonly name: CounterName;
  /** The whole quota, in the fabric. */
  readonly amount: number;
  /** When the window began; ms on the hub's clock. */
  start: number;
  end: number;
  /** What is left of the share. */
  left: number;
  /** What there was after the last grant: below half of it more is asked for. */
  filled: number;
  /** What calls wait for. */
  need: number;
  /** True while it waits to be asked for, or for the answer. */
  asked: boolean;
  /** Set while there is no more to be had, until the next answer. */
  dearth: Dearth | undefined;
  /** Not asked for again before this; ms monotonic. */
  notBefore: number;
  /** When it was spent from last; ms monotonic. */
  spentAt: number;
}

/** A counter with no share yet, in no window. */
export function createCounter(name: CounterName, amount: number, monotonic: number): Counter {
  return {
    ...{ name, amount, start: 0, end: 0, left: 0, filled: 0, need: 0, asked: false, dearth: undefined },
    ...{ notBefore: Number.NEGATIVE_INFINITY, spentAt: monotonic },
  };
}

/** Brings a counter into the window that a time (ms on the hub's clock) is in; the share of another is void. */
export function enterWindow(counter: Counter, now: number): void {
  if (now >= counter.start && now < counter.end) return;
  const { window } = counter.name;
  counter.start = quotaWindowStart(window, now);
  counter.end = counter.start + quotaWindowMs[window];
  counter.left = 0;
  counter.filled = 0;
  counter.need = 0;
  counter.dearth = undefined;
  counter.notBefore = Number.NEGATIVE_INFINITY;
}

/** What a call takes of it. */
export function takenOf({ name }: Counter, bytes: number): number {
  return name.unit === 'calls' ? 1 : bytes;
}

/** The counter as the registry is asked for it, with what is wanted. */
export function shareRequest(
  { name, start }: Counter,
  wanted: { readonly need: number; readonly back?: number },
): QuotaRequest['shares'][number] {
  return { ...name, start, ...wanted };
}
