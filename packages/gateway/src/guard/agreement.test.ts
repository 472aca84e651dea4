import {
  checkPolicy,
  compileSite,
  createLimiterPool,
  type Documents,
  explain,
  type PolicyLimits,
  quotaAmounts,
} from '@causeway/policy';
import { compiledKeys, type ServedApi, subjects } from '@causeway/protocol';
import { expect, test } from 'vitest';
import {
  callOf,
  createDice,
  documentsOf,
  type GeneratedCall,
} from '../../../../test/support/policy-cases.ts';
import { createCoverage } from '../../../../test/support/policy-coverage.ts';
import { type Verdict, verdictOf } from '../../../../test/support/policy-reference.ts';
import { type EntryTable, entryFor } from './entry.ts';
import { guardApi } from './served-api.ts';

const sets = 1_000;
const callsPerSet = 10;
const queueNames = () => 'q';

type Place = EntryTable & { fromSite: string; service: string; major: number; site: string };

/** The route of a gateway by which such a call comes; undefined where there is none. */
function routeOf(table: ReadonlyMap<string, unknown>, { tenant, from, to, site }: GeneratedCall) {
  const served = table.get(compiledKeys.serve(tenant, to.service, to.major)) as ServedApi | undefined;
  if (!served || !Object.hasOwn(served.routes, from.site)) return undefined;
  // As it comes to the site: through JSON.
  const api = guardApi(JSON.parse(JSON.stringify(served)) as ServedApi);
  const route: Place = {
    api,
    entries: new Map(),
    fromSite: from.site,
    service: to.service,
    major: to.major,
    site,
  };
  return route;
}

function atGateway(route: Place | undefined, { from, to, site, at }: GeneratedCall) {
  if (!route) return { told: 'NO_ROUTE' };
  const subject = subjects.call.build({ fromSite: from.site, from: from.service, toSite: site, ...to });
  const quotas: string[] = [];
  const noting = {
    guard(_tenant: string, _from: object, limits: readonly PolicyLimits[]) {
      for (const { policy, quota = {} } of limits) {
        for (const each of quotaAmounts(quota))
          quotas.push(`${policy} ${each.unit} ${each.window} ${each.amount}`);
      }
      return undefined;
    },
  };
  const entry = entryFor(
    route,
    subject,
    { limiters: createLimiterPool(), quotas: noting },
    { monotonic: 0, hub: at },
  );
  if (!entry) return { told: 'dropped' };
  const { policy } = entry;
  if (!entry.admits) return { told: entry.told, policy, reason: entry.toldReason };
  return { told: 'OK', policy, lease: entry.lease, audit: entry.strict ? 'strict' : 'prompt', quotas };
}

/** All quotas that hold, as somebody reads them in the documents. */
function quotasOf({ limits = [] }: Verdict): string[] {
  return (limits as { policy: string; quota?: Record<string, Record<string, number>> }[]).flatMap(
    ({ policy, quota = {} }) =>
      ['calls', 'bytes'].flatMap((unit) =>
        ['minute', 'hour', 'day']
          .filter((window) => quota[unit]?.[window] !== undefined)
          .map((window) => `${policy} ${unit} ${window} ${quota[unit]?.[window]}`),
      ),
  );
}

function explained(documents: Documents, call: GeneratedCall, tried?: Documents['policies']) {
  const { tenant, from, to, site, at } = call;
  const request = { tenant, from, to: { ...to, site } };
  return explain(documents, request, at, tried).sites[0];
}

type Dice = ReturnType<typeof createDice>;

/** As `toEqual`, ten times as fast where they are equal. */
function same(found: object, expected: object, call: GeneratedCall): void {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    expect({ call, ...found }).toEqual({ call, ...expected });
}

/** A call that somebody could make, with what is right for it; and what explain says where nobody could. */
function decidable(documents: Documents, dice: Dice): { call: GeneratedCall; expected: Verdict } {
  for (;;) {
    const call = callOf(dice);
    const expected = verdictOf(documents, call);
    if (expected) return { call, expected };
    const { decision, code, policy } = explained(documents, call) ?? {};
    same({ decision, code, policy }, { decision: 'deny', code: 'NO_ROUTE', policy: null }, call);
  }
}

test(`agreement - gateway, explain and dry run decide ${sets * callsPerSet} calls as the reference does`, () => {
  const dice = createDice(20_261_122);
  const count: Record<string, number> = {};
  const coverage = createCoverage(100);
  let routed = 0;
  let metered = 0;
  let added = 0;
  let excused = 0;
  for (let set = 0; set < sets; set += 1) {
    const documents = documentsOf(dice);
    for (const policy of documents.policies) expect(checkPolicy(policy).fault).toBeUndefined();
    // One table and one route for calls at many times, as in a gateway that was told long ago.
    const routes = new Map<string, Place | undefined>();
    for (let number = 0; number < callsPerSet; number += 1) {
      const { call, expected } = decidable(documents, dice);
      const { tenant, from, to, site, at } = call;
      count[expected.told] = (count[expected.told] ?? 0) + 1;
      coverage.note(documents, call);
      const byExplain = explained(documents, call);
      const place = `${tenant} ${from.site} ${to.major} ${site}`;
      if (!routes.has(place)) routes.set(place, routeOf(compileSite(documents, site, queueNames, 0), call));
      const made =
        number % 2 === 0 ? routes.get(place) : routeOf(compileSite(documents, site, queueNames, at), call);
      const found = atGateway(made, call);
      const { told, policy, audit, lease } = expected;
      routed += expected.route ? 1 : 0;
      metered += told === 'OK' && quotasOf(expected).length > 0 ? 1 : 0;
      if (told === 'OK') same(found, { told, policy, lease, audit, quotas: quotasOf(expected) }, call);
      // Who may know of the API reads the words of explain.
      else if (told !== 'NO_ROUTE') same(found, { told, policy, reason: byExplain?.reason }, call);
      else same({ told: found.told, policy: made ? found.policy : policy }, { told, policy }, call);

      // The words of the policy that denies are among those that are said.
      const words = documents.policies.find((each) => each.tenant === tenant && each.name === policy)?.reason;
      if (words !== undefined) {
        excused += 1;
        expect(byExplain?.reason).toContain(words);
      }
      const { decision, code, limits, considered = [], add } = byExplain ?? {};
      const matched = considered.filter((each) => each.matched).map((each) => each.policy);
      same(
        {
          decision,
          code,
          policy: byExplain?.policy,
          limits,
          matched,
          audit: byExplain?.audit,
          lease: byExplain?.lease,
          route: byExplain?.route,
        },
        {
          decision: expected.effect,
          code: told,
          policy,
          limits: expected.limits ?? [],
          matched: expected.matched,
          audit,
          lease,
          route: expected.route,
        },
        call,
      );
      // A dry run: nothing stands but what other tenants have, and all of it is tried.
      const own = documents.policies.filter((each) => each.tenant === tenant);
      const others = documents.policies.filter((each) => each.tenant !== tenant);
      same(explained({ ...documents, policies: others }, call, own) ?? {}, byExplain ?? {}, call);
      // What explain says is to be added is a policy that allows the call, unless another denies it.
      if (!add) continue;
      added += 1;
      const addition = checkPolicy(add).value;
      const withIt = {
        ...documents,
        policies: [...documents.policies, { ...addition, tenant }],
      } as Documents;
      const after = verdictOf(withIt, call)?.effect;
      same(
        { after, explained: explained(withIt, call)?.decision },
        { after: policy === null ? 'allow' : 'deny', explained: after },
        call,
      );
    }
  }
  // Each kind of outcome has to be among the cases in earnest.
  for (const told of ['OK', 'DENIED', 'NO_ROUTE', 'NO_SUCH_ENDPOINT']) {
    expect({ told, enough: (count[told] ?? 0) > 400 }).toEqual({ told, enough: true });
  }
  expect(added).toBeGreaterThan(1_000);
  expect(excused).toBeGreaterThan(500);
  expect(coverage.short).toEqual({});
  expect(Math.min(routed, metered)).toBeGreaterThan(400);
}, 240_000);
