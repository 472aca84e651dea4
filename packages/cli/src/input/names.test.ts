import { describe, expect, it } from 'vitest';
import {
  collectHosts,
  collectNames,
  collectPairs,
  collectPaths,
  parseCount,
  parseServiceName,
  parseTarget,
} from './names.ts';

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
    for (const host of ['::1', '10.0.0.1', 'Edge-A.example.org', 'a']) {
      expect(collectHosts(`edge-a=${host}`)).toEqual({ 'edge-a': host });
    }
    for (const host of ['tls://a', '', 'a:b:c', 'a..b', '-a', 'a_b', 'x'.repeat(64), 'ü.de', 'a:4222']) {
      expect(() => collectHosts(`edge-a=${host}`)).toThrow('SITE=HOST');
    }
  });

  it('names - a path may be anything but nothing; a count is whole and no slip of the hand', () => {
    expect(collectPaths('b', collectPaths('a'))).toEqual(['a', 'b']);
    expect(() => collectPaths('')).toThrow('Expected a path');
    expect(parseCount('32')).toBe(32);
    for (const text of ['', '0', '-1', '1.5', '1e3', '0x10', ' 1', 'NaN']) {
      expect(() => parseCount(text)).toThrow('above 0');
    }
    expect(() => parseCount('99999999999')).toThrow('up to 2000000');
  });
});
