import { encodeJson } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';
import { expect, test } from 'vitest';
import { silent } from '../../../../test/support/silent-logger.ts';
import { until } from '../../../../test/support/until.ts';
import { createAdminDesk, operation, requireScope } from './admin-desk.ts';

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

test('admin - one tenant has so much under way and no more, and others are served meanwhile', async () => {
  const heard = new Map<string, (err: null, message: object) => void>();
  const answered: string[] = [];
  const refused: string[] = [];
  let done = () => {};
  const waiting = new Promise<void>((resolve) => {
    done = resolve;
  });
  let under = 0;
  createAdminDesk({
    connection: {
      subscribe: (subject: string, { callback }: { callback: (err: null, message: object) => void }) =>
        void heard.set(subject, callback),
      publish: (reply: string, body: Uint8Array) =>
        void answered.push(`${reply.split('.')[2]} ${Buffer.from(body).toString().includes('OVERLOADED')}`),
    } as never,
    tenants: ['acme', 'globex'],
    operations: {
      apply: {
        async handle() {
          under += 1;
          await waiting;
          return {};
        },
      },
    },
    refusals: { add: async ({ op }, body) => void refused.push(`${op} ${body.length}`) },
    clock: systemClock,
    logger: silent,
  });
  const send = (tenant: string, bytes: number) =>
    heard.get(`admin.${tenant}.*.*`)?.(null, {
      subject: `admin.${tenant}.ada.apply`,
      reply: `_INBOX.admin.${tenant}.ada.c1.t1`,
      data: new Uint8Array(bytes),
    });
  for (let n = 0; n < 20; n += 1) send('acme', 1024 ** 2);
  for (let n = 0; n < 300; n += 1) send('globex', 10);
  await until('those that are too many are refused', () => answered.length === 4 + 44);
  expect(under).toBe(16 + 256);
  expect(new Set(answered)).toEqual(new Set(['acme true', 'globex true']));
  expect(new Set(refused)).toEqual(new Set(['apply 0']));
  done();
  await until('all are answered', () => answered.length === 320);
  send('acme', 1024 ** 2);
  await until('it is served again', () => answered.at(-1) === 'acme false' && answered.length === 321);
});
