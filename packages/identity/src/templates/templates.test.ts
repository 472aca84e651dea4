import { subjects } from '@causeway/protocol';
import { describe, expect, test } from 'vitest';
import type { RoleTemplate } from './role-template.ts';
import { claimsOfRole, expandRole, roles, roleTemplate } from './roles.ts';

const rows = Object.entries(roles).flatMap(([kind, table]) =>
  Object.entries(table as Record<string, RoleTemplate>).map(([role, template]) => ({ kind, role, template })),
);
const entries = rows.flatMap(({ kind, role, template }) => [
  ...template.publish.map((entry) => ({ kind, role, list: 'publish', entry, template })),
  ...template.subscribe.map((entry) => ({ kind, role, list: 'subscribe', entry, template })),
]);

/** True where some subject is matched by both: an entry (`*`, `>`) and a pattern of the grammar (`*`). */
function overlaps(entry: string, pattern: string): boolean {
  const [left, right] = [entry.split('.'), pattern.split('.')];
  for (const [index, token] of left.entries()) {
    const other = right[index];
    if (token === '>') return other !== undefined;
    if (other === undefined || (token !== other && token !== '*' && other !== '*' && !fits(token, other)))
      return false;
  }
  return left.length === right.length;
}

/** A placeholder may stand where the grammar has a field. */
function fits(token: string, other: string): boolean {
  return token.startsWith('{{') && (other === '*' || token === other);
}

/** Fields of the grammar as `*`; `v*` counts as one, too. */
const patterns = Object.values(subjects).map(({ template }) => template.replaceAll(/v?\{\w+:\w+\}/g, '*'));

/** What NATS uses, and the registry's secret way into the collecting streams; all else must be in the grammar. */
const machinery = /^(\$JS\.|\$KV\.|\$SYS\.|in\.>$)/;
/** Inboxes of clients that only talk to NATS itself, or to the registry. */
const inboxes =
  /^_INBOX\.(\{\{tag\(site\)\}\}\.(broker|auditor)|cloud\.registry|ops\..+|enroll\.\{\{name\(\)\}\}|sys)\.>$/;

test.each(entries)('templates - $kind $role: $list $entry is of the grammar', ({ entry }) => {
  if (machinery.test(entry) || inboxes.test(entry)) return;
  expect(patterns.filter((pattern) => overlaps(entry, pattern))).not.toHaveLength(0);
});

test.each(entries)('templates - $kind $role: $list $entry is well formed', ({ entry, role }) => {
  // A second word would be a queue group; nats-server drops such an entry from a list with templates.
  expect(entry).not.toMatch(/\s/);
  expect(entry).not.toBe('>');
  const tokens = entry.split('.');
  expect(tokens.slice(0, -1)).not.toContain('>');
  for (const token of tokens) {
    expect(token).toMatch(/^(\*|>|[$_A-Za-z0-9-]+|(ops-)?\{\{(name\(\)|tag\((site|tenant|hosts)\))\}\})$/);
  }
  // Nobody has all of the inboxes to listen to.
  if (role !== 'gateway' && role !== 'registry' && role !== 'leaf') expect(entry).not.toBe('_INBOX.>');
});

test.each(rows)(
  'templates - $kind $role pins how to connect, and allows something each way',
  ({ template }) => {
    expect(template.connectionTypes.length).toBeGreaterThan(0);
    const leaf = template.connectionTypes.includes('LEAFNODE');
    expect(leaf).toBe(template.connectionTypes.length === 1 && template.connectionTypes[0] === 'LEAFNODE');
    // An empty list would allow everything.
    expect(template.publish.length).toBeGreaterThan(0);
    expect(template.subscribe.length).toBeGreaterThan(0);
    expect(JSON.stringify(claimsOfRole(template))).not.toMatch(/"(deny|resp)"/);
  },
);

test.each(entries.filter(({ template }) => template.connectionTypes.includes('LEAFNODE')))(
  'templates - $kind $role: $list $entry does not stop interest',
  ({ entry, list }) => {
    const tokens = entry.split('.');
    const stars = tokens.filter((token) => token === '*').length;
    // The hub's subscriptions may be wider than what an edge may publish: there, a `*` would drop them silently.
    if (list === 'publish') expect(stars).toBe(0);
    // An edge's own subscriptions are equal or narrower: gateways' routes.
    else if (stars > 0) expect(entry).toMatch(/^call\.\*\.\*\./);
    expect(entry).toMatch(/\{\{tag\((site|hosts)\)\}\}|^_INBOX\.>$/);
  },
);

test.each(rows)('templates - $kind $role needs each tag that its lists use', ({ template }) => {
  const used = (tag: string) =>
    [...template.publish, ...template.subscribe].some((e) => e.includes(`tag(${tag})`));
  if (used('site')) expect(template.holder.site).not.toBe('none');
  expect(used('tenant')).toBe(template.holder.tenant === 'one');
  expect(used('hosts')).toBe(template.holder.hosts === 'many');
});

test('templates - only an invitation lets its bearer in', () => {
  expect(rows.filter(({ template }) => template.bearer).map(({ role }) => role)).toEqual(['enrolling']);
});

test('templates - only the registry and the broker may do as they like with JetStream', () => {
  const wide = entries
    .filter(({ entry }) => entry === '$JS.API.>')
    .map(({ kind, role }) => `${kind} ${role}`);
  expect(wide).toEqual(['control registry', 'ops registry', 'site broker']);
  const makers = entries.filter(({ entry }) => /CONSUMER\.(DURABLE\.)?CREATE|STREAM\./.test(entry));
  expect(makers).toEqual([]);
});

test('templates - across the link into CONTROL go two subjects that only the registry’s own code listens to', () => {
  expect(roles.control.leaf.publish).toEqual(['control.{{tag(site)}}.>', 'collect.{{tag(site)}}.>']);
  const listeners = Object.entries(roles.control as Record<string, RoleTemplate>)
    .filter(([, { subscribe }]) => subscribe.some((entry) => /^(control|collect)\./.test(entry)))
    .map(([role]) => role);
  expect(listeners).toEqual(['registry']);
});

test('templates - nobody but the registry may store what was collected', () => {
  const writers = entries.filter(({ list, entry }) => list === 'publish' && /^(in|from)\b/.test(entry));
  expect(writers.map(({ kind, role, entry }) => `${kind} ${role} ${entry}`)).toEqual(['ops registry from.>']);
});

test('templates - consoles share their account with nobody but the registry', () => {
  expect(Object.keys(roles.ops)).toEqual(['registry', 'ops', 'ops-all']);
});

describe('templates - expanded', () => {
  test('as nats-server does: one entry for each host, none where there is no tag', () => {
    const some = expandRole(roles.tenant.gateway, 'gw-1', { site: 'edge-a', hosts: ['desk', 'quotes'] });
    expect(some.subscribe).toEqual([
      'call.*.*.edge-a.>',
      'call.*.*.any.desk.>',
      'call.*.*.any.quotes.>',
      'registry.edge-a.>',
      'answer.edge-a.>',
    ]);
    expect(expandRole(roles.tenant.gateway, 'gw-1', { site: 'edge-a' }).subscribe).not.toContain(
      'call.*.*.any.>',
    );
    expect(expandRole(roles.tenant.service, 'quotes', {}).publish).toEqual([]);
  });

  test('a role that there is not has no template', () => {
    expect(roleTemplate('tenant', 'registry')).toBeUndefined();
    expect(roleTemplate('tenant', '__proto__')).toBeUndefined();
    expect(roleTemplate('control', 'admin')).toBe(roles.control.admin);
  });
});
