import type { Rule } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Caller, type Decision, decide } from './decide.ts';
import { anyCaller, anyRules, endpointNames } from './generate.test-support.ts';
import { createRuleIndex } from './rule-index.ts';

const now = 1_000;

/** The rule as the documentation says it, with no thought of speed. */
function reference(rules: readonly Rule[], caller: Caller, endpoint: string): Partial<Decision> {
  const is = (pattern: string, name: string) => pattern === '*' || pattern === name;
  const hits = (name: string) =>
    rules
      .filter((rule) => is(rule.from.site, caller.site) && is(rule.from.service, caller.service))
      .filter((rule) => rule.endpoints.some((pattern) => is(pattern, name)))
      .sort((a, b) => (a.policy < b.policy ? -1 : 1));
  const may = (name: string) =>
    hits(name).some(({ effect }) => effect === 'allow') &&
    !hits(name).some(({ effect }) => effect === 'deny');
  const matching = hits(endpoint);
  if (endpointNames.includes(endpoint) && may(endpoint)) {
    const limits = matching
      .filter((rule) => rule.limits && Object.keys(rule.limits).length > 0)
      .map((rule) => ({ policy: rule.policy, ...rule.limits }));
    const audit = matching.some((rule) => rule.audit === 'strict') ? 'strict' : 'prompt';
    return { effect: 'allow', policy: matching[0]?.policy ?? '', limits, audit };
  }
  const some = endpointNames.some(may);
  if (some && !endpointNames.includes(endpoint))
    return { code: 'NO_SUCH_ENDPOINT', told: 'NO_SUCH_ENDPOINT' };
  const policy = matching.find(({ effect }) => effect === 'deny')?.policy ?? null;
  return { effect: 'deny', code: 'DENIED', told: some ? 'DENIED' : 'NO_ROUTE', policy };
}

const anyEndpoint = fc.constantFrom(...endpointNames, 'gone', 'constructor');

test('decide - agrees with the plain rule, indexed or not, in any order', () => {
  fc.assert(
    fc.property(
      anyRules,
      anyCaller,
      anyEndpoint,
      fc.infiniteStream(fc.nat()),
      (rules, caller, endpoint, keys) => {
        const decision = decide(rules, caller, endpoint, now, endpointNames);
        expect(decision).toMatchObject(reference(rules, caller, endpoint));
        const order = new Map(rules.map((rule) => [rule, keys.next().value ?? 0]));
        const shuffled = [...rules].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
        expect(createRuleIndex(shuffled, endpointNames).decide(caller, endpoint, now)).toEqual(decision);
      },
    ),
    { numRuns: 3000 },
  );
});

test('decide - a deny beats every allow, and no added allow undoes it', () => {
  fc.assert(
    fc.property(anyRules, anyCaller, fc.constantFrom(...endpointNames), (rules, caller, endpoint) => {
      const deny: Rule = { policy: 'zz', from: caller, endpoints: [endpoint], effect: 'deny' };
      for (const all of [
        [...rules, deny],
        [deny, ...rules],
      ]) {
        expect(decide(all, caller, endpoint, now, endpointNames).effect).toBe('deny');
      }
    }),
    { numRuns: 500 },
  );
});

const from = { site: '*', service: 'desk' };
const always = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
const desk = { site: 'edge-b', service: 'desk' };

test('decide - a denial names its document, and the caller is told no more than it may know', () => {
  const rules: Rule[] = [
    { policy: 'reads', from, endpoints: ['latest'], effect: 'allow', limits: { rate: 5, burst: 9 } },
    { policy: 'shut', from, endpoints: ['secret'], effect: 'deny' },
  ];
  expect(decide(rules, desk, 'latest', now, endpointNames)).toEqual({
    effect: 'allow',
    policy: 'reads',
    limits: [{ policy: 'reads', rate: 5, burst: 9 }],
    audit: 'prompt',
    lease: 86_400_000,
    ...always,
  });
  expect(decide(rules, desk, 'secret', now, endpointNames)).toEqual({
    ...{ effect: 'deny', code: 'DENIED', told: 'DENIED', policy: 'shut', ...always },
    reason: 'policy "shut" denies edge-b/desk the endpoint "secret"',
  });
  expect(decide(rules, { ...desk, service: 'risk' }, 'latest', now, endpointNames)).toEqual({
    ...{ effect: 'deny', code: 'DENIED', told: 'NO_ROUTE', policy: null, ...always },
    reason: 'no policy allows edge-b/risk to call the endpoint "latest"',
  });
  expect(decide(rules, desk, 'lastest', now, endpointNames)).toMatchObject({
    code: 'NO_SUCH_ENDPOINT',
    reason: 'the API has no endpoint "lastest"; did you mean "latest"?',
  });
});

test('decide - a hint never names an endpoint that is not granted', () => {
  const rules: Rule[] = [{ policy: 'reads', from, endpoints: ['latest'], effect: 'allow' }];
  expect(decide(rules, desk, 'secre', now, endpointNames)).toMatchObject({
    reason: 'the API has no endpoint "secre"',
  });
});

test('decide - without the API’s endpoints, every name counts as one', () => {
  const rules: Rule[] = [
    { policy: 'a', from, endpoints: ['*'], effect: 'allow' },
    { policy: 'b', from, endpoints: ['latest'], effect: 'deny' },
  ];
  expect(decide(rules, desk, 'anything', now).effect).toBe('allow');
  expect(decide(rules, desk, 'latest', now)).toMatchObject({ told: 'DENIED' });
  expect(decide(rules, desk, 'latest', now, ['latest'])).toMatchObject({ told: 'NO_ROUTE' });
});
