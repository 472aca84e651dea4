import { accessChanges, compileSite, createLimiterPool, type Documents } from '@causeway/policy';
import { compiledKeys, type ServedApi, subjects } from '@causeway/protocol';
import { expect, test } from 'vitest';
import {
  callOf,
  createDice,
  documentsOf,
  type GeneratedCall,
} from '../../../../test/support/policy-cases.ts';
import { verdictOf } from '../../../../test/support/policy-reference.ts';
import { entryFor } from './entry.ts';
import { guardApi } from './served-api.ts';

const sets = 500;
const callsPerSet = 20;
const cases = sets * callsPerSet;
const tenants = ['acme', 'beta'];

type Dice = ReturnType<typeof createDice>;

/** The documents after a change such as an apply with prune makes: policies of another fabric, some gone, other labels. */
function changed(before: Documents, dice: Dice): Documents {
  const other = documentsOf(dice);
  const policies = new Map(before.policies.map((each) => [`${each.tenant}/${each.name}`, each]));
  for (const each of dice.some(other.policies, 0.3)) policies.set(`${each.tenant}/${each.name}`, each);
  for (const key of dice.some([...policies.keys()], 0.2)) policies.delete(key);
  const services = before.services.map((each) =>
    dice.chance(0.1) ? { ...each, labels: { team: dice.oneOf(['trading', 'treasury']) } } : each,
  );
  const apis = before.apis.map((each, index) => (dice.chance(0.1) ? (other.apis[index] ?? each) : each));
  return { ...before, policies: [...policies.values()], services, apis };
}

/** What the gateway of the serving site does with the call, once it has been told of these documents. */
function atGateway(
  tables: Map<string, ReturnType<typeof compileSite>>,
  documents: Documents,
  { tenant, from, to, site, at }: GeneratedCall,
): boolean {
  const table = tables.get(site) ?? compileSite(documents, site, () => 'q', at);
  tables.set(site, table);
  const served = table.get(compiledKeys.serve(tenant, to.service, to.major)) as ServedApi | undefined;
  if (!served || !Object.hasOwn(served.routes, from.site)) return false;
  const route = {
    api: guardApi(JSON.parse(JSON.stringify(served)) as ServedApi),
    entries: new Map(),
    ...{ fromSite: from.site, service: to.service, major: to.major, site },
  };
  const subject = subjects.call.build({ fromSite: from.site, from: from.service, toSite: site, ...to });
  // Whether there is a share left is nothing of the documents: only the terms are compared.
  const meters = { limiters: createLimiterPool(), quotas: { guard: () => undefined } };
  return entryFor(route, subject, meters, { monotonic: 0, hub: at })?.admits === true;
}

/** Where a call is tried first is nothing that the gateway there decides. */
function routeAlone({ before, after }: { before?: string; after?: string }): boolean {
  const terms = (text = '{}') => JSON.stringify({ ...JSON.parse(text), route: undefined });
  return before !== undefined && terms(before) === terms(after);
}

test(`dry run - what it says of ${cases} calls is what the gateway does before and after`, () => {
  const dice = createDice(20_261_123);
  const count = { gained: 0, lost: 0, changed: 0, same: 0 };
  for (let set = 0; set < sets; set += 1) {
    const before = documentsOf(dice);
    const after = changed(before, dice);
    const { at } = callOf(dice);
    const access = accessChanges(before, after, tenants, at, Number.POSITIVE_INFINITY);
    expect([access.omitted, access.unchecked]).toEqual([0, undefined]);
    const told = new Map(
      access.entries.map((entry) => [
        `${entry.tenant} ${entry.from} ${entry.api} ${entry.endpoint} ${entry.site}`,
        entry,
      ]),
    );
    expect(told.size).toBe(access.gained + access.lost + access.changed);
    const tables = [new Map(), new Map()] as const;
    for (let made = 0; made < callsPerSet; ) {
      const call = { ...callOf(dice), at };
      const [first, then] = [verdictOf(before, call), verdictOf(after, call)];
      // By an identity, of something that is served: else there is nobody to gain or lose.
      if (!first || !then) continue;
      made += 1;
      const was = atGateway(tables[0], before, call);
      const is = atGateway(tables[1], after, call);
      const { tenant, from, to, site } = call;
      const entry = told.get(
        `${tenant} ${from.site}/${from.service} ${to.service}.v${to.major} ${to.endpoint} ${site}`,
      );
      const terms = ({ limits, audit, lease }: typeof then) => JSON.stringify({ limits, audit, lease });
      const expected =
        was && !is
          ? 'lost'
          : is && !was
            ? 'gained'
            : was && is && terms(first) !== terms(then)
              ? 'changed'
              : undefined;
      const change = entry && routeAlone(entry) ? undefined : entry?.change;
      if (change !== expected) expect({ call, told: change }).toEqual({ call, told: expected });
      // The policy that decides afterwards is the one that explain and the gateway name.
      if (entry && entry.policy !== then.policy)
        expect({ call, policy: entry.policy }).toEqual({ call, policy: then.policy });
      count[expected ?? 'same'] += 1;
    }
  }
  // Each of them comes often enough to mean something.
  expect(Math.min(count.gained, count.lost, count.changed)).toBeGreaterThan(cases / 100);
  expect(count.gained + count.lost + count.changed + count.same).toBe(cases);
}, 120_000);

test('dry run - more than can be listed is counted, and more than can be compared is said to be more', () => {
  const dice = createDice(7);
  const before = { ...documentsOf(dice), policies: [] };
  const after: Documents = {
    ...before,
    policies: [
      {
        ...{ kind: 'policy', tenant: 'acme', name: 'all', effect: 'allow' },
        ...{ from: {}, to: { service: '*' } },
      },
    ],
  };
  const some = accessChanges(before, after, ['acme'], 0, 3);
  expect([some.entries.length, some.gained - 3]).toEqual([3, some.omitted]);
  expect(some.gained).toBeGreaterThan(3);
  expect(accessChanges(before, after, ['beta'], 0)).toMatchObject({ gained: 0, entries: [] });
});

test('dry run - a policy whose route alone changes changes the terms of those whom it routes, and of nobody else', () => {
  const dice = createDice(7);
  const all = {
    ...({ kind: 'policy', tenant: 'acme', name: 'all', effect: 'allow' } as const),
    ...{ from: {}, to: { service: '*' } },
  };
  const withRoute = (route?: { order: string[] }): Documents => ({
    ...documents,
    policies: [route ? { ...all, route } : all],
  });
  const documents = documentsOf(dice);
  const gained = accessChanges({ ...documents, policies: [] }, withRoute(), ['acme'], 0).gained;
  const order = [documents.sites[0]?.name ?? ''];
  const routed = accessChanges(withRoute(), withRoute({ order }), ['acme'], 0);
  expect([routed.gained, routed.lost, routed.changed]).toEqual([0, 0, gained]);
  expect(routed.entries[0]?.after).toContain(JSON.stringify({ order }));
  expect(routed.entries[0]?.before).not.toContain('route');
  expect(accessChanges(withRoute({ order }), withRoute({ order }), ['acme'], 0).changed).toBe(0);
});
