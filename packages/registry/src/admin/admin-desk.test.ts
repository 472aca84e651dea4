import { encodeJson } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { operation, requireScope } from './admin-desk.ts';

test('admin - a tenant’s administrator acts for it alone, the fabric’s for all', () => {
  expect(() => requireScope({ name: 'root', scope: 'any' }, 'acme')).not.toThrow();
  expect(() => requireScope({ name: 'ada', scope: 'acme' }, 'acme')).not.toThrow();
  for (const tenant of ['other', 'any', '', 'acme ', 'ACME', '*']) {
    expect(() => requireScope({ name: 'ada', scope: 'acme' }, tenant)).toThrow(
      expect.objectContaining({
        code: 'DENIED',
        reason: `administrator ada of tenant acme may not act for ${tenant}`,
      }),
    );
  }
});

test('admin - an operation runs only on what fits its request; the fault names the place', async () => {
  const ran: unknown[] = [];
  const get = operation({
    request: 'GetRequest',
    run: (request, by) => {
      ran.push([request, by]);
      return { revision: 0, items: [] };
    },
  });
  const by = { name: 'root', scope: 'any' };
  await expect(get.handle(encodeJson({ kind: 'apis' }), by)).resolves.toEqual({ revision: 0, items: [] });
  await expect(get.handle(encodeJson({ kind: 'apis', all: 1 }), by)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    pointer: '/all',
  });
  await expect(get.handle(Buffer.from('{'), by)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    pointer: '',
  });
  expect(ran).toEqual([[{ kind: 'apis' }, by]]);
});
