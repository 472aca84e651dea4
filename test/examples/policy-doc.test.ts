import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { explainScreen } from '@causeway/cli';
import { checkPolicy, type Documents, explain, type PolicyDocument } from '@causeway/policy';
import { parseApiEndpoint } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const file = path.resolve(import.meta.dirname, '../../docs/policy.md');
const text = await readFile(file, 'utf8');
const fences = [...text.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(
  ([, kind = '', more = '', body = '']) => ({
    kind: kind === 'yaml' ? more : kind,
    more,
    body,
  }),
);

interface World {
  readonly tenant: string;
  readonly sites: string[];
  readonly services: Record<string, Record<string, string>>;
  readonly endpoints: string[];
  readonly now: string;
}

const world = parse(fences.find(({ kind }) => kind === 'world')?.body ?? '') as World;
const { tenant } = world;
const key = `U${'A'.repeat(55)}`;
const base: Omit<Documents, 'policies'> = {
  sites: world.sites.map((name) => ({
    ...{ kind: 'site', name, gateways: {} },
    tenants: { [tenant]: { gateway: key } },
  })),
  services: Object.entries(world.services).map(([whole, labels]) => {
    const [site = '', name = ''] = whole.split('/');
    const hosts = name === 'quotes' ? { hosts: [1] } : {};
    return { kind: 'service', tenant, site, name, keys: [key], labels, ...hosts };
  }),
  apis: [
    {
      ...{ kind: 'api', tenant, service: 'quotes', version: '1.0.0' },
      endpoints: Object.fromEntries(world.endpoints.map((name) => [name, { request: true, reply: true }])),
    },
  ],
};

function policiesOf(body: string): PolicyDocument[] {
  return parseAllDocuments(body).map((document) => {
    const parsed = checkPolicy(document.toJS());
    if (parsed.fault) throw new Error(`${parsed.fault.pointer} ${parsed.fault.problem}`);
    return { ...parsed.value, tenant };
  });
}

function ask(policies: PolicyDocument[], caller: string, target: string, at = world.now) {
  const [site = '', service = ''] = caller.split('/');
  const to = parseApiEndpoint(target);
  if (!to) throw new Error(`no endpoint: ${target}`);
  const { site: serving = '', ...api } = to;
  const request = { tenant, from: { site, service }, to: { ...api, site: serving } };
  return explain({ ...base, policies }, request, Date.parse(at));
}

describe('docs/policy.md', () => {
  let policies: PolicyDocument[] = [];
  for (const { kind, more, body } of fences) {
    if (kind === 'policy') policies = policiesOf(body);
    const applied = policies;
    for (const line of kind === 'calls' ? body.trim().split('\n') : []) {
      it(`docs/policy.md - ${line}`, () => {
        const [, caller = '', target = '', code, said = ''] = /^(\S+) +(\S+) +(\S+) *(.*)$/.exec(line) ?? [];
        const [, words = '', at = world.now] = /^(.*?)(?:at (\d\S+))?$/.exec(said) ?? [];
        const reply = ask(applied, caller, target, at);
        expect(reply.sites.map((site) => site.code)).toEqual([code]);
        const screen = explainScreen(reply).replaceAll(/ +/g, ' ');
        for (const part of words.trim().split(/ (?=audit )/)) expect(screen).toContain(part);
      });
    }
    if (kind !== 'explain') continue;
    it('docs/policy.md - shows what explain writes', () => {
      const [caller = '', target = ''] = more.split(' ');
      expect(body).toBe(explainScreen(ask(applied, caller, target)));
    });
  }

  it('docs/policy.md - has examples of everything', () => {
    expect(fences.filter(({ kind }) => kind === 'policy').length).toBeGreaterThanOrEqual(8);
    expect(fences.filter(({ kind }) => kind === 'explain')).toHaveLength(1);
  });
});
