import { expect, it } from 'vitest';
import { defaultStreamLimits, hubAudit, hubFlow, reservedBytes, siteAudit, siteCompiled } from './config.ts';
import { satisfies } from './ensure.ts';
import { hubStreams } from './hub.ts';

it.each<[string, unknown, unknown, boolean]>([
  ['what the server adds', { a: 1, b: 2 }, { a: 1 }, true],
  ['another value', { a: 1 }, { a: 2 }, false],
  ['something missing', {}, { a: 1 }, false],
  ['what is empty and left out', {}, { a: 0, b: false, c: '' }, true],
  ['one more in a list', { a: [1, 2] }, { a: [1] }, false],
  ['the same list', { a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] }, true],
  ['what is not asked for', { a: 1 }, { a: undefined }, true],
])('ensure - %s', (_name, actual, wanted, result) => {
  expect(satisfies(actual, wanted)).toBe(result);
});

it('streams - CONTROL has nothing that collects from other streams, and no stream of consoles', () => {
  const streams = hubStreams();
  expect(streams.map(({ name }) => name)).toEqual([
    'KV_documents',
    'KV_compiled',
    'KV_quotas',
    'AUDIT_cloud',
    'FLOW_cloud',
  ]);
  expect(streams.some((stream) => stream.sources || stream.mirror || stream.republish)).toBe(false);
});

it('streams - what consoles read has a source in nothing but what the registry stores', () => {
  for (const [stream, kind] of [
    [hubAudit(defaultStreamLimits), 'audit'],
    [hubFlow(defaultStreamLimits), 'flow'],
  ] as const) {
    expect(stream.subjects).toEqual([`from.*.${kind}.>`]);
    expect([stream.sources, stream.mirror, stream.allow_atomic]).toEqual([undefined, undefined, true]);
  }
});

it('streams - an edge keeps its own part of the table, and nothing of another site', () => {
  expect(siteCompiled('edge-a', defaultStreamLimits).subjects).toEqual(['$KV.compiled.edge-a.>']);
});

it('streams - a full stream of records refuses instead of forgetting', () => {
  const audit = siteAudit('edge-a', defaultStreamLimits);
  expect([audit.discard, audit.max_age, audit.deny_delete]).toEqual(['new', 0, true]);
  expect(reservedBytes([audit, { name: 'x', max_bytes: -1 }, { name: 'y' }])).toBe(1024 ** 3);
});
