import {
  accountLimits,
  createKeys,
  decodeJwt,
  isRevoked,
  issueAccount,
  publicKeyOf,
  type Revocations,
} from '@causeway/identity';
import type { AccountDocument } from '@causeway/protocol';
import { systemRandom } from '@causeway/transport';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { countingCompiler, memoryDocuments, siteOf } from '../test-support.ts';
import { createVoiding, voidUntil } from './voiding.ts';

const operator = createKeys('operator', systemRandom).seed;
const seeds = new Map<string, string>();
const signer = (account: string, role: string) => {
  const name = `${account}.${role}`;
  const seed = seeds.get(name) ?? createKeys('account', systemRandom).seed;
  seeds.set(name, seed);
  return seed;
};
const clock = manualClock();
const second = Math.floor(clock.now() / 1000);
const user = createKeys('user', systemRandom).publicKey;
/** Seconds that the clock of whoever signed may have been ahead. */
const skew = 120;

async function claimsOf(kind: 'tenant' | 'control', name: string) {
  const roles = kind === 'tenant' ? ['service', 'gateway', 'leaf'] : ['leaf', 'registry'];
  const { publicKey } = createKeys('account', systemRandom);
  const { jwt } = await issueAccount(
    {
      ...{ kind, name, publicKey, limits: accountLimits(kind, { sites: 2 }), now: clock.now() },
      signingKeys: Object.fromEntries(roles.map((role) => [role, publicKeyOf(signer(name, role))])),
    },
    operator,
  );
  return { publicKey, jwt };
}

async function open() {
  const store = memoryDocuments([siteOf('cloud')]);
  const { publicKey: control, jwt: controlJwt } = await claimsOf('control', 'CONTROL');
  let pushes = 0;
  let told = 0;
  const voiding = createVoiding({
    store,
    compiler: countingCompiler(store),
    keyring: { operator, queueSecret: '', signer, add: async () => {}, remove: async () => {} },
    claims: {
      async push() {
        pushes += 1;
      },
    },
    hint: {
      tell() {
        told += 1;
      },
    },
    bootstrap: { control, controlJwt },
    clock,
  });
  const account: AccountDocument = { kind: 'account', name: 'acme', ...(await claimsOf('tenant', 'acme')) };
  return { store, voiding, account, controlJwt, pushes: () => pushes, told: () => told };
}

const revocationsOf = (jwt: string) => decodeJwt(jwt).nats.revocations as Revocations;

describe('voiding', () => {
  it('voiding - claims are later than those before, and hold what was void already', async () => {
    const { voiding, account } = await open();
    const other = createKeys('user', systemRandom).publicKey;
    const first = await voiding.tenant(account, [user]);
    const next = await voiding.tenant(first, [other]);
    expect(Object.keys(revocationsOf(next.jwt)).sort()).toEqual([user, other].sort());
    expect(decodeJwt(next.jwt).iat).toBeGreaterThan(decodeJwt(first.jwt).iat);
    expect(decodeJwt(first.jwt).iat).toBeGreaterThan(decodeJwt(account.jwt).iat);
  });

  it('voiding - what was signed while the clock was two minutes ahead is void, too', async () => {
    const { voiding, account } = await open();
    const { jwt } = await voiding.tenant(account, [user]);
    expect(isRevoked(revocationsOf(jwt), user, second + skew)).toBe(true);
    expect(isRevoked(revocationsOf(jwt), user, second + skew + 1)).toBe(false);
    expect(voidUntil(jwt, user)).toBe(second + skew);
    expect(voidUntil(account.jwt, user)).toBe(undefined);
  });

  it('voiding - a key that was issued again since its revocation is void, too', async () => {
    const { voiding, account } = await open();
    const first = await voiding.tenant(account, [user]);
    const again = (voidUntil(first.jwt, user) as number) + 1;
    expect(isRevoked(revocationsOf(first.jwt), user, again)).toBe(false);
    const next = await voiding.tenant(first, [user]);
    expect(isRevoked(revocationsOf(next.jwt), user, again)).toBe(true);
  });

  it('voiding - CONTROL keeps all else it was founded with, and what was void before', async () => {
    const { store, voiding, controlJwt } = await open();
    const first = await voiding.control([user]);
    expect(decodeJwt(first.jwt).nats).toEqual({
      ...decodeJwt(controlJwt).nats,
      revocations: { [user]: second + skew },
    });
    await store.put([first]);
    const other = createKeys('user', systemRandom).publicKey;
    const next = await voiding.control([other]);
    expect(Object.keys(revocationsOf(next.jwt)).sort()).toEqual([user, other].sort());
  });

  it('voiding - changes of claims take their turn, also after one that failed', async () => {
    const { voiding, pushes, told } = await open();
    const order: number[] = [];
    const slow = voiding.inTurn(async () => {
      await new Promise<void>((resolve) => setImmediate(resolve));
      order.push(1);
      throw new Error('not this one');
    });
    const next = voiding.inTurn(async () => order.push(2));
    await expect(slow).rejects.toThrow('not this one');
    await next;
    expect(order).toEqual([1, 2]);
    await voiding.inForce();
    expect([pushes(), told()]).toEqual([1, 1]);
  });
});
