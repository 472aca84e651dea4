import { readFile } from 'node:fs/promises';
import { createKeys } from '@causeway/identity';
import { connectNats, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const api = (service: string, version: string, endpoints: readonly string[]) => ({
  kind: 'api',
  service,
  version,
  endpoints: Object.fromEntries(endpoints.map((name) => [name, { request: {}, reply: {} }])),
});

describe('announcements', () => {
  let fabric: TestFabric;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'], tenants: ['acme', 'globex'] });
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  /** A raw client of a console, which hears what is announced for a tenant. */
  async function listen(tenant: string, subject: string) {
    const keys = createKeys('user', systemRandom);
    const { jwt, name } = await fabric.admin.console({ key: keys.publicKey, tenant, from: 'now' });
    const heard: { subject: string; body: Record<string, unknown> }[] = [];
    const connection = await connectNats({
      servers: fabric.url('cloud'),
      ca: await readFile(fabric.ca, 'utf8'),
      credentials: { jwt, seed: keys.seed },
      inboxPrefix: `_INBOX.ops.${tenant}.${name}`,
      name: 'listener',
      random: systemRandom,
      logger: silent,
    });
    connection.subscribe(subject, {
      callback: (_err, message) => {
        heard.push({ subject: message.subject, body: message.json() });
      },
    });
    await connection.flush();
    return { heard, connection };
  }

  it('announcements - a console hears what is published and changed, each for its own tenant', async () => {
    const acme = await listen('acme', 'discovery.acme.>');
    const all = await listen('any', 'discovery.>');
    await fabric.admin.apply([
      { ...api('news', '1.0.0', ['read']), tenant: 'acme' },
      { ...api('secret', '1.0.0', ['read']), tenant: 'globex' },
    ]);
    await fabric.admin.apply([{ ...api('news', '1.1.0', ['read', 'list']), tenant: 'acme' }]);
    await until('three announcements', () => all.heard.length === 3);
    expect(all.heard.map(({ subject }) => subject).sort()).toEqual([
      'discovery.acme.news.v1.changed',
      'discovery.acme.news.v1.published',
      'discovery.globex.secret.v1.published',
    ]);
    await acme.connection.flush();
    expect(acme.heard.map(({ subject }) => subject)).toEqual([
      'discovery.acme.news.v1.published',
      'discovery.acme.news.v1.changed',
    ]);
    expect(acme.heard[1]?.body).toMatchObject({
      tenant: 'acme',
      service: 'news',
      major: 1,
      version: '1.1.0',
      sites: [],
    });
    await acme.connection.close();
    await all.connection.close();
  });

  it('announcements - a change that breaks callers is refused with its differences, and announces nothing', async () => {
    const { heard, connection } = await listen('any', 'discovery.>');
    const breaking = { ...api('news', '1.2.0', ['read']), tenant: 'acme' };
    await expect(fabric.admin.apply([breaking])).rejects.toMatchObject({
      code: 'INCOMPATIBLE_API',
      number: 409,
      reason: expect.stringContaining('/endpoints/list'),
    });
    await fabric.admin.apply([{ ...api('other', '1.0.0', ['x']), tenant: 'acme' }]);
    await until('the next announcement', () => heard.length > 0);
    expect(heard.map(({ subject }) => subject)).toEqual(['discovery.acme.other.v1.published']);
    await connection.close();
  });

  it('announcements - what is deleted is withdrawn', async () => {
    const { heard, connection } = await listen('acme', 'discovery.acme.>');
    await fabric.admin.apply([{ ...api('brief', '1.0.0', ['x']), tenant: 'acme' }]);
    await fabric.admin.delete({ kind: 'api', tenant: 'acme', name: 'brief.v1' });
    await until('two announcements', () => heard.length === 2);
    expect(heard.map(({ subject }) => subject)).toEqual([
      'discovery.acme.brief.v1.published',
      'discovery.acme.brief.v1.withdrawn',
    ]);
    await connection.close();
  });

  it('announcements - a deprecation is announced as one, once, and its taking back as a change', async () => {
    const { heard, connection } = await listen('acme', 'discovery.acme.old.>');
    const old = { ...api('old', '1.0.0', ['x']), tenant: 'acme' };
    const deprecated = { date: '2027-03-31', note: 'call news.v1' };
    await fabric.admin.apply([old]);
    await fabric.admin.apply([{ ...old, deprecated }]);
    await fabric.admin.apply([{ ...old, version: '1.0.1', deprecated }]);
    await fabric.admin.apply([{ ...old, version: '1.0.1' }]);
    await until('four announcements', () => heard.length === 4);
    expect(heard.map(({ subject, body }) => [subject.split('.').at(-1), body.deprecated])).toEqual([
      ['published', undefined],
      ['deprecated', deprecated],
      ['changed', deprecated],
      ['changed', undefined],
    ]);
    await connection.close();
  });

  it('announcements - one invalid document in a request, and none is applied', async () => {
    const before = (await fabric.admin.get('policies')).items;
    const good = {
      kind: 'policy',
      tenant: 'acme',
      name: 'good',
      from: {},
      to: { service: 'news' },
      effect: 'allow',
    };
    const bad = { ...good, name: 'bad', effekt: 'allow' };
    await expect(fabric.admin.apply([good, bad])).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      pointer: '/documents/1/effekt',
    });
    expect((await fabric.admin.get('policies')).items).toEqual(before);
  });
});
