import { encodeJson } from '@causeway/protocol';
import { expect, it } from 'vitest';
import { silent } from '../../../../test/support/silent-logger.ts';
import { takeHinted } from './hinted.ts';

const account = `A${'A'.repeat(55)}`;
const jwtOf = (claims: unknown) =>
  ['e30', Buffer.from(JSON.stringify(claims)).toString('base64url'), 's'].join('.');

function taken(body: unknown): [string, string][] {
  const pushed: [string, string][] = [];
  const claims = { push: (publicKey: string, jwt: string) => void pushed.push([publicKey, jwt]) };
  const data = body instanceof Uint8Array ? body : encodeJson(body);
  takeHinted({ data, tenants: ['acme'], claims, logger: silent });
  return pushed;
}

it('hinted claims - those of a tenant of the site go the way of all claims', () => {
  const jwt = jwtOf({ sub: account, name: 'acme' });
  expect(taken({ jwt })).toEqual([[account, jwt]]);
});

it.each([
  ['of a tenant that is not here', { jwt: jwtOf({ sub: account, name: 'other' }) }],
  ['of CONTROL', { jwt: jwtOf({ sub: account, name: 'CONTROL' }) }],
  ['of a user', { jwt: jwtOf({ sub: `U${'A'.repeat(55)}`, name: 'acme' }) }],
  ['that are none', { jwt: 'e.y.J' }],
  ['without claims', {}],
  ['that is no JSON', new Uint8Array([0xff])],
])('hinted claims - a message %s is dropped', (_, body) => {
  expect(taken(body)).toEqual([]);
});
