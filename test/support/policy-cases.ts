import type { ApiDocument, Documents, PolicyDocument } from '@causeway/policy';
import type { Labels, Quota, Route, Service, Site } from '@causeway/protocol';

/** Small whole numbers from a seed: 10,000 cases have to be quick to make, and the same each time. */
export function createDice(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (most: number) => Math.floor(next() * most);
  return {
    chance: (share: number) => next() < share,
    below,
    oneOf: <T>(items: readonly T[]): T => items[below(items.length)] as T,
    some: <T>(items: readonly T[], share: number) => items.filter(() => next() < share),
  };
}

type Dice = ReturnType<typeof createDice>;

const sites = ['cloud', 'edge-a', 'edge-b', 'plant-1'];
const services = ['desk', 'desk-eu', 'quotes', 'risk'];
const endpoints = ['latest', 'listAll', 'secret'];
const sitePatterns = ['*', '**', ...sites, 'edge-*', '*-a', 'edge-*-a', 'plant-*', 'e*g*', 'gone'];
const servicePatterns = ['*', ...services, 'desk*', '*desk', '*s*', 'd*k', 'd*-eu', 'nobody-*'];
const endpointPatterns = ['*', ...endpoints, ...endpoints, ...endpoints, 'l*', '*All', '*e*t', 'gone'];
const labelKeys = ['team', 'env'];
const labelValues = ['trading', 'treasury', 'test'];
const labelPatterns = ['*', ...labelValues, 'tr*', '*e*t'];
/** The hours at which policies begin and end, and between which calls are made. */
const hours = [1, 2, 3, 4, 5, 6, 7, 8];
const hour = 3_600_000;
const key = `U${'A'.repeat(55)}`;
const tenants = ['acme', 'beta'];
const timestamp = (at: number) => new Date(at * hour).toISOString();

const maybe = <K extends string, T>(dice: Dice, share: number, field: K, value: () => T) =>
  dice.chance(share) ? ({ [field]: value() } as Record<K, T>) : {};

function labelsOf(dice: Dice, values: readonly string[], share: number): Labels {
  return Object.fromEntries(dice.some(labelKeys, share).map((label) => [label, dice.oneOf(values)]));
}

function selector(dice: Dice) {
  const labels = labelsOf(dice, labelPatterns, 0.6);
  return Object.keys(labels).length === 0 ? {} : { labels };
}

const windows = ['minute', 'hour', 'day'] as const;

function quotaIn(dice: Dice): Quota {
  const amounts = () => ({
    [dice.oneOf(windows)]: 1 + dice.below(99),
    [dice.oneOf(windows)]: 1 + dice.below(99),
  });
  return dice.chance(0.5)
    ? { calls: amounts() }
    : { ...maybe(dice, 0.5, 'calls', amounts), bytes: amounts() };
}

function routeIn(dice: Dice): Route {
  const named = dice.some([...sites, 'gone'], 0.5);
  const picked = named.length === 0 ? [dice.oneOf(sites)] : named;
  if (dice.chance(0.5)) return { order: picked.sort(() => (dice.chance(0.5) ? 1 : -1)) };
  return { weights: Object.fromEntries(picked.map((site) => [site, 1 + dice.below(3)])) };
}

function policyOf(dice: Dice, tenant: string, name: string): PolicyDocument {
  const effect = dice.chance(0.75) ? 'allow' : 'deny';
  const ofAllow = {
    ...maybe(dice, 0.4, 'limits', () => ({
      ...maybe(dice, 0.7, 'rate', () => 1 + dice.below(9)),
      ...maybe(dice, 0.5, 'concurrency', () => 1 + dice.below(9)),
      ...maybe(dice, 0.3, 'bytesPerSecond', () => 1 + dice.below(9_000)),
      ...maybe(dice, 0.5, 'payload', () => 1 + dice.below(900)),
      ...maybe(dice, 0.6, 'quota', () => quotaIn(dice)),
    })),
    ...maybe(dice, 0.4, 'route', () => routeIn(dice)),
    ...maybe(dice, 0.3, 'audit', () => dice.oneOf(['strict', 'prompt'] as const)),
    ...maybe(dice, 0.3, 'offline', () => dice.oneOf(['30s', '15m', '2h', '7d'])),
  };
  const begins = dice.oneOf(hours);
  return {
    ...{ kind: 'policy', tenant, name, effect },
    from: {
      ...maybe(dice, 0.4, 'site', () => dice.oneOf(sitePatterns)),
      ...maybe(dice, 0.5, 'service', () => dice.oneOf(servicePatterns)),
      ...(dice.chance(0.25) ? selector(dice) : {}),
    },
    to: {
      service: dice.chance(0.8) ? 'quotes' : dice.oneOf(servicePatterns),
      ...maybe(dice, 0.2, 'major', () => dice.oneOf([1, 2])),
      ...maybe(dice, 0.65, 'endpoints', () => [dice.oneOf(endpointPatterns), dice.oneOf(endpointPatterns)]),
      ...maybe(dice, 0.3, 'site', () => dice.oneOf(sitePatterns)),
      ...(dice.chance(0.15) ? selector(dice) : {}),
    },
    ...maybe(dice, 0.2, 'notBefore', () => timestamp(begins)),
    ...maybe(dice, 0.25, 'expires', () => timestamp(begins + 1 + dice.below(3))),
    ...(effect === 'allow' ? ofAllow : maybe(dice, 0.5, 'reason', () => 'not in this quarter')),
  };
}

/** A whole fabric: four sites, two tenants of the same names, identities with labels, up to eight policies each. */
export function documentsOf(dice: Dice): Documents {
  const present = (tenant: string): [string, { gateway: string }] => [tenant, { gateway: key }];
  return {
    sites: sites.map(
      (name): Site => ({
        ...{ kind: 'site', name, gateways: {} },
        tenants: Object.fromEntries(dice.some(tenants, 0.97).map(present)),
        ...(dice.chance(0.02) ? { revoked: true as const } : {}),
      }),
    ),
    services: tenants.flatMap((tenant) =>
      sites.flatMap((site) =>
        dice.some(services, 0.95).map(
          (name): Service => ({
            ...{ kind: 'service', tenant, site, name, keys: [key] },
            labels: labelsOf(dice, labelValues, 0.5),
            ...(name === 'quotes' ? { hosts: dice.some([1, 2], 0.95) } : {}),
          }),
        ),
      ),
    ),
    apis: tenants.flatMap((tenant) =>
      ['1.0.0', '2.3.0'].map(
        (version): ApiDocument => ({
          ...{ kind: 'api', service: 'quotes', version },
          endpoints: Object.fromEntries(
            (dice.chance(0.7) ? endpoints : endpoints.slice(1)).map((each) => [
              each,
              { request: true, reply: true },
            ]),
          ),
          tenant,
        }),
      ),
    ),
    policies: tenants.flatMap((tenant) =>
      Array.from({ length: 1 + dice.below(9) }, (_, index) => policyOf(dice, tenant, `p${index}`)),
    ),
  };
}

/** A call as somebody may make it, at some time, by an identity that there is or is not. */
export interface GeneratedCall {
  readonly tenant: string;
  readonly from: { readonly site: string; readonly service: string };
  readonly to: { readonly service: string; readonly major: number; readonly endpoint: string };
  readonly site: string;
  readonly at: number;
}

/** One call; its time is often the very moment at which a policy begins or ends. */
export function callOf(dice: Dice): GeneratedCall {
  return {
    tenant: dice.oneOf(tenants),
    from: { site: dice.oneOf(sites), service: dice.oneOf(services) },
    to: { service: 'quotes', major: dice.oneOf([1, 2]), endpoint: dice.oneOf([...endpoints, 'lates']) },
    site: dice.oneOf(sites),
    at: dice.oneOf(hours) * hour + dice.oneOf([-1, 0, 1, hour / 2]),
  };
}
