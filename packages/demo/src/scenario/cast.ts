import type { Policy } from '@causeway/protocol';
import type { Place, Stage } from './places.ts';

/** Who takes part: the services that are programs of their own, and those that only call. */
export const cast = {
  quotes: 'a',
  trader: 'a',
  ticker: 'a',
  positions: 'b',
  desk: 'b',
  intern: 'b',
  risk: 'cloud',
  report: 'cloud',
} as const satisfies Record<string, Place>;

/** An identity of the demonstration. */
export type Role = keyof typeof cast;

/** Where each API is served. */
export const apis = { quotes: 'a', positions: 'b', risk: 'cloud' } as const satisfies Record<string, Place>;

/** An API of the demonstration; all have major version 1. */
export type Api = keyof typeof apis;

/** What is allowed. The intern is named nowhere, so nothing is. */
const grants: readonly {
  readonly from: Role;
  readonly to: Api;
  readonly endpoints: readonly string[];
  readonly description: string;
  readonly limits?: { readonly rate: number; readonly burst: number };
}[] = [
  {
    from: 'report',
    to: 'quotes',
    endpoints: ['latest', 'history'],
    description: 'The cloud’s report reads quotes of the exchange',
  },
  { from: 'risk', to: 'quotes', endpoints: ['history'], description: 'Risk is computed from history' },
  {
    from: 'trader',
    to: 'quotes',
    endpoints: ['latest', 'history'],
    description: 'The trader reads quotes at her own site',
  },
  {
    from: 'trader',
    to: 'risk',
    endpoints: ['volatility'],
    description: 'The trader asks the cloud for volatilities',
  },
  {
    from: 'trader',
    to: 'positions',
    endpoints: ['list', 'value'],
    description: 'The trader sees what the desk holds',
  },
  {
    from: 'desk',
    to: 'quotes',
    endpoints: ['latest'],
    description: 'The desk values its positions; the history is not for it',
  },
  {
    from: 'report',
    to: 'risk',
    endpoints: ['volatility', 'valueAtRisk'],
    description: 'The report shows figures of risk',
  },
  {
    from: 'ticker',
    to: 'quotes',
    endpoints: ['latest'],
    description: 'The ticker polls, and not more than five times a second',
    limits: { rate: 5, burst: 5 },
  },
];

/** The policies of the demonstration, for `apply`. */
export function policiesOf({ tenant, sites }: Stage): Policy[] {
  return grants.map(({ from, to, endpoints, description, limits }) => ({
    kind: 'policy',
    tenant,
    name: `demo-${from}-${to}`,
    description,
    from: { site: sites[cast[from]], service: from },
    to: { service: to, major: 1, endpoints: [...endpoints] as [string, ...string[]], site: sites[apis[to]] },
    effect: 'allow',
    ...(limits ? { limits } : {}),
  }));
}

/** Callers and the APIs that they are allowed: what must be reachable before the scenario begins. */
export const reachable: readonly {
  readonly from: Role;
  readonly to: Api;
  readonly endpoints: readonly string[];
}[] = grants;
