import type { ApiDocument, PolicyDocument } from '@causeway/policy';
import type { ServedApi, VisibleApis } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { serviceOf, siteOf } from '../test-support.ts';
import { fitting, maxValueBytes, requireFitting } from './fitting.ts';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

const api: ApiDocument = {
  kind: 'api',
  tenant: 'acme',
  service: 'quotes',
  version: '1.0.0',
  endpoints: Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [
      `endpoint-${n}-${'x'.repeat(40)}`,
      { request: true, reply: true },
    ]),
  ),
};
const sites = [siteOf('edge-a')];
const services = [{ ...serviceOf('quotes', 'edge-a'), hosts: [1] }];
const policies = (count: number, endpoints: string[]): PolicyDocument[] =>
  Array.from({ length: count }, (_, n) => ({
    kind: 'policy',
    tenant: 'acme',
    name: `p${n}`,
    from: {},
    to: { service: 'quotes', endpoints },
    effect: 'allow',
  }));

describe('fitting', () => {
  it('fitting - what fits is left as it is', () => {
    const value = { apis: [] };
    expect(fitting(value)).toBe(value);
  });

  it('fitting - what a service may see loses its schemas first, and then what is too much', () => {
    const seen = (name: string, endpoints: number, schema: Record<string, unknown>) => ({
      ...{ service: name, major: 1, version: '1.0.0', sites: ['edge-a'] },
      endpoints: Object.fromEntries(
        Array.from({ length: endpoints }, (_, n) => [`endpoint-${n}`, { request: schema, reply: true }]),
      ),
    });
    const heavy: VisibleApis = {
      apis: [seen('a', 10, { description: 'x'.repeat(100_000) }), seen('b', 1, {})],
    };
    const light = fitting(heavy) as VisibleApis;
    expect(light.apis.map(({ service }) => service)).toEqual(['a', 'b']);
    expect(light.apis[0]?.endpoints['endpoint-0']?.request).toBe(true);
    const many: VisibleApis = { apis: Array.from({ length: 200 }, (_, n) => seen(`s${n}`, 250, {})) };
    const some = fitting(many) as VisibleApis;
    expect(bytesOf(some)).toBeLessThanOrEqual(maxValueBytes);
    expect(some.apis.length).toBeGreaterThan(10);
    expect(some.apis.length).toBeLessThan(200);
  });

  it('fitting - an API with too many rules admits nobody, rather than keep its site from everything else', () => {
    const rule = {
      policy: 'p',
      from: { site: '*', service: '*' },
      endpoints: ['x'.repeat(60)],
      effect: 'allow',
    };
    const served = {
      tenant: 'acme',
      manifest: api,
      routes: {},
      rules: Array.from({ length: 10_000 }, () => rule),
    } as unknown as ServedApi;
    expect(fitting(served)).toMatchObject({ manifest: api, rules: [] });
  });

  it('fitting - changes that would go beyond it are refused, whichever comes last', () => {
    const standing = { sites, services, apis: [api], policies: [] };
    const many = policies(90, Object.keys(api.endpoints));
    const refused = expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' });
    expect(() => requireFitting(standing, many)).toThrow(refused);
    expect(() => requireFitting({ ...standing, apis: [], policies: many }, [api])).toThrow(refused);
    expect(() => requireFitting({ ...standing, services: [], policies: many }, services)).toThrow(refused);
    requireFitting(standing, policies(5, Object.keys(api.endpoints)));
    // Endpoints that the API does not have weigh nothing.
    const madeUp = Array.from({ length: 200 }, (_, n) => `none-${n}-${'x'.repeat(50)}`);
    requireFitting(standing, policies(90, ['none', ...madeUp]));
  });

  it('fitting - a tenant cannot make tables without end out of documents that are small', () => {
    const share = { tenantBytes: 200_000 };
    const more = Array.from({ length: 20 }, (_, n) => serviceOf(`desk-${n}`, 'edge-a'));
    const standing = { sites, services, apis: [api], policies: policies(1, Object.keys(api.endpoints)) };
    requireFitting(standing, more.slice(0, 2), share);
    // Each identity is told of the API anew.
    expect(() => requireFitting(standing, more, share)).toThrow(
      expect.objectContaining({
        code: 'PAYLOAD_TOO_LARGE',
        reason: expect.stringContaining('of tenant acme'),
      }),
    );
  });
});
