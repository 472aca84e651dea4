import { encodeJson, type NoRouteReport } from '@causeway/protocol';
import { createHubClock } from '@causeway/transport';
import type { Msg } from 'nats';
import { describe, expect, it } from 'vitest';
import { manualClock, settle } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { createInstances } from '../instances/instances.ts';
import { createSiteState } from '../state/site-state.ts';
import { createDesk } from './desk.ts';

const inbox = '_INBOX.edge-a.desk.connection.token';
const call = {
  call: 'call-1',
  at: 1,
  toSite: 'any',
  service: 'quotes',
  major: 1,
  endpoint: 'latest',
  code: 'NO_ROUTE',
  requestBytes: 1,
} as const satisfies NoRouteReport['calls'][number];

function openDesk() {
  const clock = manualClock();
  const answers: unknown[] = [];
  const reported: NoRouteReport['calls'][number][] = [];
  const listener = {
    served() {},
    account() {},
    tenant() {},
    callers() {},
    rekey() {},
    user() {},
    revision() {},
    visible() {},
  };
  const state = createSiteState({ site: 'edge-a', logger: silent, listener });
  const onMessage = createDesk({
    tenant: 'acme',
    site: 'edge-a',
    instances: createInstances({ site: 'edge-a', clock, onChange() {} }),
    state,
    epoch: 'run-1',
    clock,
    hub: createHubClock(clock),
    logger: silent,
    publish: (_subject, body) => answers.push(JSON.parse(Buffer.from(body).toString())),
    flush: async () => {},
    ensurePublished: async () => {},
    reported: (_service, calls) => reported.push(...calls),
  });
  return {
    state,
    reported,
    async say(op: string, body: Uint8Array): Promise<unknown> {
      onMessage({ subject: `registry.edge-a.desk.${op}`, reply: inbox, data: body } as Msg);
      await settle();
      return answers.shift();
    },
  };
}

describe('desk', () => {
  it('desk - as long as the tables are not read, it gives no list: an empty one would take everything back', async () => {
    const desk = openDesk();
    const discover = (body: object) => desk.say('discover', encodeJson({ protocol: 2, ...body }));
    expect(await discover({})).toMatchObject({ code: 'UNREACHABLE', retryAfter: 50 });
    desk.state.apply('see.acme.desk', { apis: [] });
    desk.state.apply('revision', { revision: 7 });
    expect(await discover({})).toMatchObject({ code: 'UNREACHABLE' });
    desk.state.caughtUp();
    const list = (await discover({})) as { view: string };
    expect(list).toMatchObject({ revision: 7, unchanged: false, epoch: 'run-1', apis: [] });
    expect(await discover({ view: list.view })).toMatchObject({ unchanged: true, view: list.view });
    expect(await discover({ view: 'another' })).toMatchObject({ unchanged: false });
    expect(await discover({ since: 7 })).toMatchObject({ unchanged: true });
    expect(await discover({ since: 8 })).toMatchObject({ unchanged: false });
  });

  it('desk - a report of calls that reached nobody becomes records', async () => {
    const desk = openDesk();
    expect(await desk.say('noroute', encodeJson({ calls: [call] }))).toMatchObject({ lease: 9_000 });
    expect(desk.reported).toEqual([call]);
  });

  it.each([
    ['service', 'any'],
    ['service', 'gateway'],
    ['toSite', 'registry'],
  ])('desk - a report with the %s "%s" is refused whole: no record may name it', async (field, name) => {
    const desk = openDesk();
    const body = encodeJson({ calls: [call, { ...call, [field]: name }] });
    expect(await desk.say('noroute', body)).toMatchObject({
      code: 'INVALID_REQUEST',
      pointer: `/calls/1/${field}`,
    });
    expect(desk.reported).toEqual([]);
  });

  it('desk - a manifest that is nested too deeply to be handled is refused', async () => {
    const schema = `${'{"items":'.repeat(9_000)}{}${'}'.repeat(9_000)}`;
    const api = `{"kind":"api","service":"desk","version":"1.0.0","endpoints":{"x":{"request":${schema},"reply":{}}}}`;
    const body = Buffer.from(`{"protocol":1,"instance":"one","apis":[${api}]}`);
    expect(await openDesk().say('register', body)).toMatchObject({
      code: 'INVALID_REQUEST',
      reason: expect.stringContaining('nested more than 128 levels deep'),
    });
  });

  it.each(['', '{', '[]', '{"instance":1}', '\xff'])('desk - %j is no renewal', async (text) => {
    expect(await openDesk().say('renew', Buffer.from(text, 'latin1'))).toMatchObject({
      code: 'INVALID_REQUEST',
    });
  });
});
