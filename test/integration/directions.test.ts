import type { Causeway, CausewayError } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { readRecords } from '../support/records.ts';
import { until } from '../support/until.ts';

const echo = (service: string) =>
  ({
    kind: 'api',
    service,
    version: '1.0.0',
    endpoints: {
      say: {
        request: {
          type: 'object',
          properties: { text: { type: 'string' } },
          required: ['text'],
          additionalProperties: false,
        },
        reply: { type: 'object' },
      },
      shout: { request: {}, reply: {} },
    },
  }) as const;

const apis = [
  { site: 'edge-a', service: 'quotes' },
  { site: 'edge-b', service: 'positions' },
  { site: 'cloud', service: 'risk' },
] as const;

/** Who calls what, by the direction it goes. */
const directions = [
  { name: 'cloud to A', from: ['cloud', 'report'], to: 'quotes', at: 'edge-a' },
  { name: 'A to cloud', from: ['edge-a', 'trader'], to: 'risk', at: 'cloud' },
  { name: 'A to B', from: ['edge-a', 'trader'], to: 'positions', at: 'edge-b' },
  { name: 'B to A', from: ['edge-b', 'desk'], to: 'quotes', at: 'edge-a' },
  { name: 'inside A', from: ['edge-a', 'trader'], to: 'quotes', at: 'edge-a' },
  { name: 'inside the cloud', from: ['cloud', 'report'], to: 'risk', at: 'cloud' },
] as const;

describe('directions', () => {
  let fabric: TestFabric;
  const clients = new Map<string, Causeway>();

  beforeAll(async () => {
    fabric = await startTestFabric();
    await fabric.admin.apply(
      directions.map(({ from: [site, service], to, at }, index) => ({
        kind: 'policy',
        name: `p${index}-${service}-${to}`,
        from: { site, service },
        to: { service: to, major: 1, endpoints: ['say'], site: at },
        effect: 'allow',
      })),
    );
    for (const { site, service } of apis) {
      const server = await fabric.connect(site, service);
      await server.serve(echo(service), {
        say: ({ text }, { caller }) => ({ text, at: site, caller: `${caller.site}.${caller.service}` }),
        shout: () => 'loud',
      });
    }
    for (const {
      from: [site, service],
    } of directions) {
      const key = `${site}/${service}`;
      if (!clients.has(key)) clients.set(key, await fabric.connect(site, service));
    }
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  for (const {
    name,
    from: [site, service],
    to,
    at,
  } of directions) {
    for (const target of [at, undefined]) {
      it(`directions - ${name}, ${target ? 'by the name of the site' : 'as anycast'}`, async () => {
        const client = clients.get(`${site}/${service}`) as Causeway;
        const say = () =>
          client.call(
            { service: to, major: 1, endpoint: 'say', site: undefined },
            { text: name },
            target ? { site: target } : {},
          );
        const reply = await until(`${to} can be reached from ${site}`, say);
        expect(reply).toEqual({ text: name, at, caller: `${site}.${service}` });
      });
    }
  }

  it('directions - another endpoint is DENIED, with the reason', async () => {
    const client = clients.get('edge-b/desk') as Causeway;
    const call = client.call({ service: 'quotes', major: 1, endpoint: 'shout', site: 'edge-a' }, {});
    await expect(call).rejects.toMatchObject({
      code: 'DENIED',
      number: 403,
      reason: expect.stringContaining('shout'),
    } satisfies Partial<CausewayError>);
  });

  it('directions - a malformed request is refused with the place of the fault', async () => {
    const client = clients.get('edge-b/desk') as Causeway;
    const call = client.call({ service: 'quotes', major: 1, endpoint: 'say', site: 'edge-a' }, { text: 42 });
    await expect(call).rejects.toMatchObject({ code: 'INVALID_REQUEST', number: 400, pointer: '/text' });
  });

  it('directions - a service without a policy is told NO_ROUTE, and the record has the true reason', async () => {
    const intern = await fabric.connect('edge-b', 'intern');
    const call = intern.call({ service: 'quotes', major: 1, endpoint: 'say', site: 'edge-a' }, { text: 'x' });
    await expect(call).rejects.toMatchObject({ code: 'NO_ROUTE', number: 404 });
    const record = await until('the record of the refusal', async () => {
      const records = await readRecords(fabric);
      return records.find(({ from }) => from.service === 'intern');
    });
    expect(record).toMatchObject({
      tenant: 'acme',
      from: { site: 'edge-b', service: 'intern' },
      to: { service: 'quotes', major: 1, endpoint: 'say' },
      site: 'edge-a',
      decision: 'denied',
      policy: null,
      code: 'NO_ROUTE',
      reason: expect.stringContaining('DENIED: no policy allows edge-b/intern'),
    });
  });

  it('directions - every direction is recorded with caller, policy and code', async () => {
    await until('all records are in the cloud', async () => {
      const records = await readRecords(fabric);
      return directions.every(({ from: [site, service], to, at }, index) =>
        records.some(
          (record) =>
            record.from.site === site &&
            record.from.service === service &&
            record.to.service === to &&
            record.to.endpoint === 'say' &&
            record.site === at &&
            record.decision === 'allowed' &&
            record.code === 'OK' &&
            record.policy === `p${index}-${service}-${to}`,
        ),
      );
    });
  });
});
