import { describe, expect, it } from 'vitest';
import { collectHosts, collectNames, collectPairs, parseServiceName, parseTarget } from './names.ts';

describe('names', () => {
  it('names - an identity has a tenant, a site and a service', () => {
    expect(parseServiceName('acme/edge-a/quotes')).toEqual({
      tenant: 'acme',
      site: 'edge-a',
      service: 'quotes',
    });
    expect(() => parseServiceName('edge-a/quotes')).toThrow('TENANT/SITE/NAME');
    expect(() => parseServiceName('acme/edge-a/gateway')).toThrow('reserved word');
    expect(() => parseServiceName('acme//quotes')).toThrow('site "" must be 1 to 63');
    expect(() => parseServiceName('acme/edge.a/quotes')).toThrow('site "edge.a"');
  });

  it('names - a target is an endpoint, with a site or without', () => {
    expect(parseTarget('quotes.v1.latest@edge-a')).toEqual({
      service: 'quotes',
      major: 1,
      endpoint: 'latest',
      site: 'edge-a',
    });
    for (const text of [
      'quotes.latest',
      'quotes.1.latest',
      'quotes.v1',
      'quotes.v1.a.b',
      'quotes.v1.latest@',
    ]) {
      expect(() => parseTarget(text)).toThrow('SERVICE.vMAJOR.ENDPOINT');
    }
  });

  it('names - lists may be divided by commas and given several times', () => {
    expect(collectNames('b', collectNames('edge-a, edge-b'))).toEqual(['edge-a', 'edge-b', 'b']);
    expect(collectNames('')).toEqual([]);
    expect(() => collectNames('edge-a,Edge')).toThrow('"Edge"');
  });

  it('names - pairs have a key, and a value that may hold anything', () => {
    expect(collectPairs('b=', collectPairs('team=a=b'))).toEqual({ team: 'a=b', b: '' });
    expect(() => collectPairs('=x')).toThrow('KEY=VALUE');
    expect(() => collectPairs('team')).toThrow('KEY=VALUE');
    expect(collectHosts('edge-a=a.example.org')).toEqual({ 'edge-a': 'a.example.org' });
    expect(() => collectHosts('edge-a=tls://a')).toThrow('SITE=HOST');
  });
});
