import type { ValueOf } from '@causeway/sdk';
import { book } from '../market/book.ts';
import type { positionsManifest, quotesManifest, riskManifest } from '../services/manifests.ts';
import { type Api, apis, cast, type Role } from './cast.ts';
import { directionOf } from './places.ts';

/** One kind of call of the scenario. */
export interface Scene {
  readonly from: Role;
  readonly to: Api;
  readonly endpoint: string;
  /** `cloud → A`. */
  readonly direction: string;
  /** The request of the n-th turn, from 0. */
  readonly input: (turn: number) => object;
  /** How many calls are made at once. */
  readonly calls: number;
  /** How each call must end; where several are named, each must happen. */
  readonly expected: readonly string[];
  /** Where a refusal must name the place of the fault. */
  readonly pointer?: string;
  /** A result in a few words. */
  readonly show: (reply: unknown) => string;
}

type Reply<M extends { endpoints: object }, E extends keyof M['endpoints']> = M['endpoints'][E] extends {
  reply: infer R;
}
  ? ValueOf<R>
  : never;
type Latest = Reply<typeof quotesManifest, 'latest'>;
type History = Reply<typeof quotesManifest, 'history'>;
type Value = Reply<typeof positionsManifest, 'value'>;
type Volatility = Reply<typeof riskManifest, 'volatility'>;
type Loss = Reply<typeof riskManifest, 'valueAtRisk'>;

const symbols = ['MSFT', 'AMZN', 'IBM', 'GOOG', 'AAPL', 'SP500'];
const symbolOf = (turn: number) => symbols[turn % symbols.length] as string;
const money = (amount: number) => `$${Math.round(amount).toLocaleString('en-US')}`;
const percent = (fraction: number) => `${(fraction * 100).toFixed(1)}%`;

function scene(
  from: Role,
  to: Api,
  endpoint: string,
  rest: Partial<Omit<Scene, 'from' | 'to' | 'endpoint' | 'direction'>>,
): Scene {
  return {
    from,
    to,
    endpoint,
    direction: directionOf(cast[from], apis[to]),
    input: (turn) => ({ symbol: symbolOf(turn) }),
    calls: 1,
    expected: ['OK'],
    show: () => '',
    ...rest,
  };
}

const latest = {
  show: (reply: unknown) => `${(reply as Latest).symbol} ${(reply as Latest).price.toFixed(2)}`,
};

/** The scenario: the six directions, all permitted, and four refusals, each for a reason of its own. */
export const scenes: readonly Scene[] = [
  scene('report', 'quotes', 'latest', latest),
  scene('trader', 'risk', 'volatility', {
    show: (reply) => `${(reply as Volatility).symbol} ${percent((reply as Volatility).volatility)}/year`,
  }),
  scene('trader', 'positions', 'value', {
    input: () => ({}),
    show: (reply) => money((reply as Value).value),
  }),
  scene('desk', 'quotes', 'latest', latest),
  scene('trader', 'quotes', 'history', {
    input: (turn) => ({ symbol: symbolOf(turn), from: '2009-01-01' }),
    show: (reply) => `${(reply as History).symbol} ${(reply as History).prices.length} prices`,
  }),
  scene('report', 'risk', 'valueAtRisk', {
    input: () => ({ portfolio: book, confidence: 0.95 }),
    show: (reply) => `VaR ${money((reply as Loss).loss)}`,
  }),
  // The intern's site is admitted, for the desk's sake; the intern is not, and is told that there is nothing.
  scene('intern', 'quotes', 'latest', { expected: ['NO_ROUTE'] }),
  scene('desk', 'quotes', 'history', { expected: ['DENIED'] }),
  scene('trader', 'quotes', 'latest', {
    input: () => ({ symbol: 42 }),
    expected: ['INVALID_REQUEST'],
    pointer: '/symbol',
  }),
  scene('ticker', 'quotes', 'latest', { ...latest, calls: 12, expected: ['OK', 'RATE_LIMITED'] }),
];
