import { isName, reservedNames } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeJwt } from './claims.ts';
import { createKeys } from './keys.ts';
import type { RoleTemplate } from './templates/role-template.ts';
import { type AccountKind, expandRole, type RoleOf, roles, type UserTags } from './templates/roles.ts';
import { countingRandom, nameOf, someAccount, someTime } from './test-support.ts';
import { invitationLifetime, issueUser, type UserOptions, userFault } from './users.ts';

type AnyRole = RoleOf<AccountKind>;
interface Row {
  readonly kind: AccountKind;
  readonly role: AnyRole;
  readonly template: RoleTemplate;
}

const rows: Row[] = (Object.keys(roles) as AccountKind[]).flatMap((kind) =>
  Object.entries(roles[kind] as Record<string, RoleTemplate>).map(([role, template]) => ({
    kind,
    role: role as AnyRole,
    template,
  })),
);
const second = Math.floor(someTime / 1000);

function goodName({ template }: Row): string {
  const wanted = template.holder.name;
  if (typeof wanted === 'object') return wanted.exactly;
  return { name: 'quotes', gateway: 'gw-1', token: 'Grant_1' }[wanted];
}

function goodTags({ template: { holder } }: Row): UserTags {
  return {
    ...(holder.site === 'none' ? {} : { site: holder.site === 'cloud' ? 'cloud' : 'edge-a' }),
    ...(holder.tenant === 'one' ? { tenant: 'acme' } : {}),
    ...(holder.hosts === 'many' ? { hosts: ['quotes', 'desk'] } : {}),
  };
}

const accountNameOf = ({ kind, template }: Row) =>
  nameOf(kind, template.holder.site === 'cloud' ? 'cloud' : 'edge-a');

/** The user that this row's issuer would sign, with something changed. */
function fault(
  row: Row,
  change: { name?: unknown; tags?: unknown; account?: string } = {},
): string | undefined {
  const options = {
    account: { kind: row.kind, name: change.account ?? accountNameOf(row), publicKey: 'A' },
    role: row.role,
    name: 'name' in change ? change.name : goodName(row),
    tags: 'tags' in change ? change.tags : goodTags(row),
  };
  return userFault(options as Pick<UserOptions, 'account' | 'role' | 'name' | 'tags'>);
}

/** Text in which what is dangerous in a subject or a template is common. */
const hostile = fc.oneof(
  fc.constantFrom(
    ...reservedNames,
    '*',
    '>',
    '',
    '.',
    'a.b',
    'a.>',
    'a *',
    '{{name()}}',
    '{{tag(site)}}',
    'A',
    'ä',
  ),
  fc.constantFrom(
    'edge-a,edge-b',
    'edge-a site:edge-b',
    'site:edge-b',
    'a\n',
    'a\u0000',
    '$SYS',
    '_INBOX',
    '__proto__',
  ),
  fc.string(),
  fc.string({ unit: fc.constantFrom(...'abz09-._*> {}:AZ') }),
);
const notText = fc.oneof(
  fc.constant(undefined),
  fc.constant(null),
  fc.constant(['quotes']),
  fc.array(fc.string()),
  fc.integer(),
);

test.each(rows)('users - a good $kind $role is issued, and expands into valid subjects', async (row) => {
  const random = countingRandom();
  const account = await someAccount(row.kind, accountNameOf(row), random);
  const user = createKeys('user', random);
  const { jwt, iat, publicKey } = await issueUser<AccountKind>({
    account,
    role: row.role,
    name: goodName(row),
    tags: goodTags(row),
    key: user.publicKey,
    signer: account.signers[row.role]?.seed ?? '',
    now: someTime,
  });
  const claims = decodeJwt(jwt);
  expect(claims).toMatchObject({
    type: 'user',
    name: goodName(row),
    subject: user.publicKey,
    issuer: account.signers[row.role]?.publicKey,
    issuerAccount: account.publicKey,
    iat: second,
  });
  expect({ iat, publicKey }).toEqual({ iat: second, publicKey: user.publicKey });
  expect(claims.exp).toBe(row.template.bearer ? second + 900 : undefined);
  const { publish, subscribe } = expandRole(row.template, goodName(row), goodTags(row));
  for (const subject of [...publish, ...subscribe]) {
    expect(subject).toMatch(/^[$_a-zA-Z0-9-]+(\.([$_a-zA-Z0-9-]+|\*))*(\.>)?$/);
  }
  if (row.kind === 'system') {
    expect(claims.nats).toMatchObject({ pub: { allow: publish }, sub: { allow: subscribe } });
  } else {
    // nats-server refuses a scoped user that brings permissions of its own.
    expect(Object.keys(claims.nats).sort()).toEqual(['issuer_account', 'tags', 'type', 'version']);
  }
});

test.each(rows)('users - no name outside the grammar becomes a $kind $role', (row) => {
  const { name: wanted } = row.template.holder;
  fc.assert(
    fc.property(fc.oneof(hostile, notText), (name) => {
      if (fault(row, { name }) !== undefined) return;
      if (typeof name !== 'string') return expect.unreachable();
      if (typeof wanted === 'object') expect(name).toBe(wanted.exactly);
      else if (wanted === 'token') expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      else {
        expect(isName(name)).toBe(true);
        expect(reservedNames.has(name)).toBe(false);
      }
    }),
  );
});

test.each(rows)('users - no tag outside the grammar, and not two, becomes a $kind $role', (row) => {
  const good = goodTags(row);
  fc.assert(
    fc.property(fc.constantFrom('site', 'tenant', 'hosts'), fc.oneof(hostile, notText), (tag, value) => {
      const changed = tag === 'hosts' && typeof value === 'string' ? ['quotes', value] : value;
      if (fault(row, { tags: { ...good, [tag]: changed } }) !== undefined || value === undefined) return;
      for (const text of [changed].flat()) expect(isName(String(text)), `${tag} ${String(text)}`).toBe(true);
      if (tag !== 'hosts') expect(typeof value).toBe('string');
    }),
  );
});

test.each(rows)('users - a $kind $role has the tags that it needs, and no others', (row) => {
  const good: Record<string, unknown> = { ...goodTags(row) };
  expect(fault(row)).toBeUndefined();
  expect(fault(row, { tags: { ...good, admin: 'yes' } })).toContain('unknown tag');
  for (const [tag, value] of [
    ['site', 'edge-a'],
    ['tenant', 'acme'],
    ['hosts', ['quotes']],
  ] as const) {
    const { [tag]: present, ...without } = good;
    if (present === undefined) expect(fault(row, { tags: { ...good, [tag]: value } }), tag).toBeDefined();
    else if (tag !== 'hosts') expect(fault(row, { tags: without }), tag).toBeDefined();
    if (tag !== 'hosts')
      expect(fault(row, { tags: { ...good, [tag]: ['edge-a', 'edge-b'] } }), tag).toBeDefined();
  }
});

test('users - an edge’s roles are not for the cloud, nor the cloud’s for an edge', () => {
  for (const row of rows) {
    const { site } = row.template.holder;
    if (site === 'edge') {
      const account =
        row.kind === 'tenant' || row.kind === 'control' ? nameOf(row.kind) : nameOf(row.kind, 'cloud');
      expect(fault(row, { tags: { ...goodTags(row), site: 'cloud' }, account })).toContain('for edge sites');
    }
    if (site === 'cloud') expect(fault(row, { tags: { site: 'edge-a' } })).toContain('for "cloud"');
  }
});

test('users - a site’s own accounts hold users of that site alone', () => {
  for (const row of rows.filter(
    ({ kind, template }) => kind !== 'tenant' && template.holder.site === 'edge',
  )) {
    const wrong = fault(row, { tags: { site: 'edge-b' } });
    if (row.kind === 'control') expect(wrong).toBeUndefined();
    else expect(wrong).toContain(`not "${accountNameOf(row)}"`);
  }
});

test.each(['gw-1', 'auditor'])('users - a site called %s would share consumers, and is refused', (site) => {
  const leaf: Row = { kind: 'control', role: 'leaf' as AnyRole, template: roles.control.leaf };
  expect(fault(leaf, { tags: { site } })).toContain('would share its consumers');
});

async function service(change: Partial<UserOptions<'tenant'>> = {}) {
  const random = countingRandom();
  const account = await someAccount('tenant', 'acme', random);
  const options: UserOptions<'tenant'> = {
    account,
    role: 'service',
    name: 'quotes',
    tags: { site: 'edge-a' },
    key: createKeys('user', random).publicKey,
    signer: account.signers.service?.seed ?? '',
    now: someTime,
    ...change,
  };
  return {
    account,
    random,
    issue: () => issueUser(options),
    again: (more: object) => issueUser({ ...options, ...more }),
  };
}

test('users - a refusal is a typed error, and says what is wrong', async () => {
  const { issue } = await service({ name: '*' });
  await expect(issue()).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    reason: expect.stringContaining('"*"'),
  });
});

test('users - wrong keys are refused', async () => {
  const { account, random, again } = await service();
  await expect(again({ key: account.publicKey })).rejects.toThrow("not a user's public key");
  await expect(again({ signer: account.keys.seed })).rejects.toThrow('without a role');
  await expect(again({ signer: createKeys('user', random).seed })).rejects.toThrow('not an account key');
  await expect(again({ role: 'registry' })).rejects.toThrow('no role "registry"');
  await expect(again({ role: 'toString' })).rejects.toThrow('no role "toString"');
});

test('users - a JWT after a revocation is of a later second', async () => {
  const { again } = await service();
  expect((await again({ after: second + 7 })).iat).toBe(second + 8);
  expect((await again({ after: second - 7 })).iat).toBe(second);
});

test('users - expire where asked; an invitation after a quarter of an hour at most', async () => {
  const { again } = await service();
  expect(decodeJwt((await again({ expires: someTime + 60_000 })).jwt).exp).toBe(second + 60);
  await expect(again({ expires: someTime })).rejects.toThrow('expired already');
  const random = countingRandom(7);
  const account = await someAccount('control', 'CONTROL', random);
  const invite = (expires?: number) =>
    issueUser({
      account,
      role: 'enrolling',
      name: 'Grant_1',
      tags: {},
      key: createKeys('user', random).publicKey,
      signer: account.signers.enrolling?.seed ?? '',
      now: someTime,
      ...(expires === undefined ? {} : { expires }),
    });
  const longest = Math.floor((someTime + invitationLifetime) / 1000);
  expect(decodeJwt((await invite()).jwt).exp).toBe(longest);
  expect(decodeJwt((await invite(someTime + 2 * invitationLifetime)).jwt).exp).toBe(longest);
  expect(decodeJwt((await invite(someTime + 60_000)).jwt).exp).toBe(second + 60);
});

test('users - tags are sorted, each once', async () => {
  const random = countingRandom();
  const account = await someAccount('tenant', 'acme', random);
  const { jwt } = await issueUser({
    account,
    role: 'gateway',
    name: 'gw-1',
    tags: { hosts: ['risk', 'desk', 'risk'], site: 'cloud' },
    key: createKeys('user', random).publicKey,
    signer: account.signers.gateway?.seed ?? '',
    now: someTime,
  });
  expect(decodeJwt(jwt).nats.tags).toEqual(['site:cloud', 'hosts:desk', 'hosts:risk']);
});
