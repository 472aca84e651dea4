import {
  createCa,
  createIssuingCa,
  createKeys,
  createServerKey,
  createServerRequest,
  decodeJwt,
  issueAccount,
  parseInvitation,
  proveInvitation,
  publicKeyOf,
  roles,
} from '@causeway/identity';
import { canonicalJson } from '@causeway/policy';
import { CausewayError, type Clock, documentKeys, type EnrollRequest } from '@causeway/protocol';
import { createSigner, systemRandom as random } from '@causeway/transport';
import { beforeAll, describe, expect, it } from 'vitest';
import { failureOf, memoryDocuments, serviceOf, siteOf } from '../test-support.ts';
import { createInvitations } from './invitations.ts';
import { createRedemption } from './redemption.ts';

const minute = 60_000;
const operator = createKeys('operator', random).seed;
const account = (name: 'acme' | 'CONTROL') => ({ name, ...createKeys('account', random) });
const [acme, control] = [account('acme'), account('CONTROL')];
const signers = new Map<string, string>();
const keyring = {
  operator,
  queueSecret: '',
  signer(of: string, role: string) {
    const name = `${of}.${role}`;
    const seed = signers.get(name) ?? createKeys('account', random).seed;
    signers.set(name, seed);
    return seed;
  },
};

let papers: Parameters<typeof createInvitations>[0]['papers'];
beforeAll(async () => {
  const root = await createCa({ name: 'root', now: Date.now(), years: 1 });
  const issuing = await createIssuingCa({ ca: root, name: 'registry', now: Date.now() });
  papers = {
    hub: () => ({ client: 'tls://hub:4222', leaf: 'tls://hub:7422', ca: 'ab'.repeat(32) }),
    operator: async () => 'o.p.J',
    issuingCa: async () => issuing,
  };
});

async function claimsOf(kind: 'tenant' | 'control', { name, publicKey }: ReturnType<typeof account>) {
  const limits = { connections: 10, leafs: 2 };
  const { jwt } = await issueAccount(
    { kind, name, publicKey, signingKeys: {}, limits, now: Date.now() },
    operator,
  );
  return jwt;
}

/** A registry's desk for joining, on documents in memory and a clock that a test moves. */
async function desk(operatorRead = async () => {}) {
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead } as Clock;
  const acmeJwt = await claimsOf('tenant', acme);
  const store = memoryDocuments([
    siteOf('cloud'),
    { kind: 'account', name: 'acme', publicKey: acme.publicKey, jwt: acmeJwt },
  ]);
  const bootstrap = { control: control.publicKey, controlJwt: await claimsOf('control', control) };
  const invitations = createInvitations({
    store,
    keyring,
    control: control.publicKey,
    papers,
    clock,
    random,
  });
  const joined: string[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  const redemption = createRedemption({
    ...{ store, invitations, keyring, bootstrap, clock, random },
    papers: { ...papers, operator: () => operatorRead().then(papers.operator) },
    voiding: {
      inTurn(change) {
        const done = queue.then(change);
        queue = done.catch(() => {});
        return done;
      },
      inForce: async () => {},
    },
    accountKey: (name) => (name === 'acme' ? acme : control).publicKey,
    joined: (site) => joined.push(site),
  });
  const invite = async (expires = 15 * minute) => {
    const { token } = await invitations.invite({ site: 'edge-c', expires }, 'root');
    const { value } = parseInvitation(token);
    if (!value) throw new Error('no invitation');
    return { ...value, grant: decodeJwt(value.jwt).name };
  };
  const advance = (ms: number) => {
    ahead += ms;
  };
  return { store, invitations, redemption, joined, invite, advance };
}

const own = (kind: 'site' | 'system') => ({
  ...createKeys('account', random),
  signers: Object.fromEntries(
    Object.keys(roles[kind]).map((role) => [role, createKeys('account', random).publicKey]),
  ),
});

async function newKeys() {
  return {
    account: own('site'),
    system: own('system'),
    server: await createServerKey(),
    users: Array.from({ length: 4 }, () => createKeys('user', random).publicKey),
  };
}

/** A request as a joining site makes it; `change` spoils it before it is signed. */
async function requestOf(
  secret: string,
  keys: Awaited<ReturnType<typeof newKeys>>,
  {
    hosts = ['edge-c'],
    change = (request: object) => request,
  }: { hosts?: string[]; change?: (request: never) => object } = {},
): Promise<EnrollRequest> {
  const [leaf, gateway, tenantGateway, tenantLeaf] = keys.users as [string, string, string, string];
  const half = ({ publicKey: key, signers }: ReturnType<typeof own>) => ({ key, signers });
  const part = change({
    keys: {
      ...{ account: half(keys.account), system: half(keys.system), leaf, gateway },
      tenants: { acme: { gateway: tenantGateway, leaf: tenantLeaf } },
    },
    certificate: await createServerRequest({ key: keys.server, hosts }),
    answerTo: 'A'.repeat(43),
  } as never);
  const message = new TextEncoder().encode(canonicalJson(part));
  const sign = (seed: string) => Buffer.from(createSigner(seed).sign(message)).toString('base64url');
  return {
    ...part,
    signatures: { account: sign(keys.account.seed), system: sign(keys.system.seed) },
    proof: proveInvitation(secret, message),
  } as EnrollRequest;
}

describe('redemption', () => {
  it('redemption - stores the site, its own accounts and room for its links in one write, and answers the same keys again', async () => {
    const { store, redemption, joined, invite } = await desk();
    const { grant, secret } = await invite();
    const keys = await newKeys();
    const before = store.puts.length;
    const enrolled = await redemption.redeem(grant, await requestOf(secret, keys));
    expect(store.puts.length).toBe(before + 1);
    expect(joined).toEqual(['edge-c']);
    expect(enrolled).toMatchObject({
      site: 'edge-c',
      gateway: 'gw-1',
      hub: 'tls://hub:7422',
      operator: 'o.p.J',
    });
    expect(decodeJwt(enrolled.accounts['site-edge-c'] as string)).toMatchObject({
      subject: keys.account.publicKey,
      issuer: publicKeyOf(operator),
    });
    expect(decodeJwt(enrolled.users.leaf)).toMatchObject({ subject: keys.users[0], name: 'edge-c' });
    const leafs = (jwt: string) => (decodeJwt(jwt).nats.limits as { leaf: number }).leaf;
    expect(leafs(enrolled.accounts.acme as string)).toBe(4);
    const controlNow = store.get(documentKeys.control);
    expect(controlNow?.kind === 'control' && leafs(controlNow.jwt)).toBe(4);
    expect(store.get(documentKeys.site('edge-c'))).toMatchObject({
      leaf: keys.users[0],
      gateways: { 'gw-1': [keys.users[1]] },
    });

    const again = await redemption.redeem(grant, await requestOf(secret, keys));
    expect(store.puts.length).toBe(before + 1);
    expect(again.accounts).toEqual(enrolled.accounts);
    expect(await failureOf(redemption.redeem(grant, await requestOf(secret, await newKeys())))).toMatchObject(
      {
        ...{ code: 'DENIED', reason: expect.stringContaining('was used already, with other keys') },
      },
    );
  });

  it('redemption - of many at once with different keys exactly one wins', async () => {
    const { redemption, invite, store } = await desk();
    const { grant, secret } = await invite();
    const tries = await Promise.all(
      Array.from({ length: 5 }, async () => requestOf(secret, await newKeys())),
    );
    const outcomes = await Promise.allSettled(tries.map((request) => redemption.redeem(grant, request)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(store.all.sites.map(({ name }) => name)).toEqual(['cloud', 'edge-c']);
  });

  it('redemption - comes about although a tenant changes its documents all the time', async () => {
    let changes = 0;
    let busy = async () => {};
    const { redemption, invite, store } = await desk(async () => busy());
    const { grant, secret } = await invite();
    const request = await requestOf(secret, await newKeys());
    busy = async () => {
      if (++changes > 20) throw new Error('it is begun anew for ever');
      await store.put([{ ...serviceOf('desk', 'cloud'), labels: { n: String(changes) } }]);
    };
    expect(await redemption.redeem(grant, request)).toMatchObject({ site: 'edge-c' });
    expect(changes).toBeGreaterThan(0);
  });

  it('redemption - without the secret nothing is learned: the answer is the same for every grant', async () => {
    const { redemption, invite, store } = await desk();
    const { grant, secret } = await invite();
    const guess = createKeys('user', random).seed;
    const keys = await newKeys();
    const reasons = new Set<string>();
    for (const [of, by] of [
      [grant, guess],
      ['unknown', guess],
      ['unknown', secret],
    ] as const) {
      const failure = await failureOf(redemption.redeem(of, await requestOf(by, keys)));
      expect(failure.code).toBe('DENIED');
      reasons.add(failure.reason);
    }
    // The proof of another request, with keys put in its place.
    const heard = await requestOf(secret, keys);
    const other = await requestOf(guess, await newKeys());
    reasons.add((await failureOf(redemption.redeem(grant, { ...other, proof: heard.proof }))).reason);
    expect([...reasons]).toEqual([expect.stringContaining('this invitation is not good')]);
    expect(store.get(documentKeys.site('edge-c'))).toBeUndefined();
  });

  it('redemption - by the registry’s clock: an invitation ends on time, also for who used it, and is cleared away', async () => {
    const { redemption, invite, invitations, store, advance } = await desk();
    const { grant, secret } = await invite(5 * minute);
    const keys = await newKeys();
    advance(5 * minute - 1_000);
    await invitations.purge();
    await redemption.redeem(grant, await requestOf(secret, keys));
    advance(1_000);
    const failure = await failureOf(redemption.redeem(grant, await requestOf(secret, keys)));
    expect(failure).toMatchObject({ code: 'DENIED', reason: expect.stringContaining('was good until') });
    await invitations.purge();
    expect(store.invitations).toEqual([]);
    expect(store.get(documentKeys.site('edge-c'))).toBeDefined();
  });

  it('redemption - what cannot be given does not use the invitation up', async () => {
    const { redemption, invite, store } = await desk();
    const { grant, secret } = await invite();
    const keys = await newKeys();
    const refused = async (request: EnrollRequest) => failureOf(redemption.redeem(grant, request));
    expect(await refused(await requestOf(secret, keys, { hosts: ['edge-c', 'hub'] }))).toMatchObject({
      ...{ code: 'DENIED', reason: expect.stringContaining('not for hub') },
    });
    type Changed = { keys: EnrollRequest['keys'] };
    const changed = (change: (part: Changed) => object) =>
      requestOf(secret, keys, { change: change as never });
    const cases: [EnrollRequest, string][] = [
      [await changed((part) => ({ ...part, certificate: 'PEM' })), 'certificate request'],
      [
        await changed((part) => ({ ...part, keys: { ...part.keys, leaf: part.keys.gateway } })),
        'a key is there twice',
      ],
      [
        await changed((part) => ({ ...part, keys: { ...part.keys, leaf: `U${'A'.repeat(55)}` } })),
        'is no public key',
      ],
      [
        await changed((part) => ({ ...part, keys: { ...part.keys, tenants: {} } })),
        'keys are needed for the tenants acme',
      ],
      // Claims for an account that is somebody else's.
      [
        await changed((part) => ({
          ...part,
          keys: { ...part.keys, account: { ...part.keys.account, key: control.publicKey } },
        })),
        'not signed with that account’s key',
      ],
      [
        await changed((part) => ({
          ...part,
          keys: { ...part.keys, system: { ...part.keys.system, signers: {} } },
        })),
        'signing keys are needed for gateway, registry',
      ],
    ];
    for (const [request, reason] of cases) {
      expect(await refused(request)).toMatchObject({ reason: expect.stringContaining(reason) });
    }
    // A key that another site has: to revoke this one would revoke that one.
    await store.put([{ ...siteOf('edge-a'), leaf: keys.users[0] as string }]);
    expect(await refused(await requestOf(secret, keys))).toMatchObject({
      reason: expect.stringContaining('in use elsewhere'),
    });
    await store.put([siteOf('edge-a'), { ...siteOf('cloud'), registry: [keys.users[0] as string] }]);
    expect(await refused(await requestOf(secret, keys))).toMatchObject({
      reason: expect.stringContaining('in use elsewhere'),
    });
    expect(store.invitations.map(({ redeemed }) => redeemed)).toEqual([undefined]);
    await store.put([siteOf('cloud')]);
    store.fail(new CausewayError('CONFLICT', 'someone else changed a document in between'));
    expect(await refused(await requestOf(secret, keys))).toMatchObject({ code: 'CONFLICT', retryable: true });
    expect(await redemption.redeem(grant, await requestOf(secret, keys))).toMatchObject({ site: 'edge-c' });
  });

  it('redemption - a site that was revoked or removed since gets no new papers', async () => {
    const { redemption, invite, store } = await desk();
    const { grant, secret } = await invite();
    const keys = await newKeys();
    await redemption.redeem(grant, await requestOf(secret, keys));
    const site = store.get(documentKeys.site('edge-c'));
    await store.put([{ ...(site as ReturnType<typeof siteOf>), revoked: true }]);
    expect(await failureOf(redemption.redeem(grant, await requestOf(secret, keys)))).toMatchObject({
      code: 'REVOKED',
    });
    await store.put([], [documentKeys.site('edge-c')]);
    expect(await failureOf(redemption.redeem(grant, await requestOf(secret, keys)))).toMatchObject({
      code: 'DENIED',
    });
  });
});
