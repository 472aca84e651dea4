import { subjects } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { createAdmission, maxCollectedBytes, maxNames } from './admission.ts';

const encoder = new TextEncoder();
const one = encoder.encode('{"val":"1"}');

const admission = (kind: 'audit' | 'flow', known: Iterable<string> = [], tenants = ['acme']) =>
  createAdmission({ site: 'edge-b', kind, admits: (tenant) => tenants.includes(tenant), known });

const block = (subject: string, bytes = 1) =>
  admission('audit').refusal({ subject, data: new Uint8Array(bytes) });
const counter = (subject: string, body = '{"val":"1"}') =>
  admission('flow').refusal({ subject, data: encoder.encode(body) });

const own = 'flow.edge-b.acme.edge-a.desk.quotes.v1.say.calls';

describe('admission', () => {
  it('admission - what a site says of itself and its tenants is collected', () => {
    expect(block('audit.acme.edge-b.gw-1.access')).toBeUndefined();
    expect(block('audit.acme.edge-b.gw-9.refusal', maxCollectedBytes)).toBeUndefined();
    expect(counter(own)).toBeUndefined();
    expect(counter(own, `{"val":"${'9'.repeat(40)}"}`)).toBeUndefined();
    expect(counter('flow.edge-b.acme.gateway.gw-1.blocks')).toBeUndefined();
  });

  it.each([
    ['of another site', 'audit.acme.edge-a.gw-1.access'],
    ['of another site', 'audit.acme.cloud.registry.admin'],
    ['of a tenant that the site does not have', 'audit.globex.edge-b.gw-1.access'],
    ['of a tenant that the site does not have', 'audit.any.edge-b.registry.admin'],
    ['no record and no counter by its subject', 'from.edge-b.audit.acme.edge-b.gw-1.access'],
    ['no record and no counter by its subject', 'audit.acme.edge-b.*.access'],
    ['no record and no counter by its subject', own],
  ])('admission - a record %s is refused: %s', (reason, subject) => {
    expect(block(subject)).toBe(reason);
  });

  it.each([
    ['of another site', 'flow.edge-a.acme.edge-b.desk.quotes.v1.say.calls'],
    ['of another site', 'flow.edge-a.acme.gateway.gw-1.blocks'],
    ['of a tenant that the site does not have', 'flow.edge-b.globex.edge-b.desk.quotes.v1.say.calls'],
    ['of a tenant that the site does not have', 'flow.edge-b.any.gateway.registry.blocks'],
    ['no record and no counter by its subject', 'audit.acme.edge-b.gw-1.access'],
  ])('admission - a counter %s is refused: %s', (reason, subject) => {
    expect(counter(subject)).toBe(reason);
  });

  it('admission - a body above the limit is refused', () => {
    expect(block('audit.acme.edge-b.gw-1.access', maxCollectedBytes + 1)).toBe('too large');
  });

  it.each([
    '',
    '1',
    '{}',
    '{"val":""}',
    '{"val":1}',
    '{"val":"-1"}',
    '{"val":"+1"}',
    '{"val":"1.5"}',
    '{"val":"1e9"}',
    '{"val":"0x1"}',
    '{"val":"1","val":"2"}',
    ' {"val":"1"}',
    '{"val":"1"}\n',
    '{"val":"١"}',
    `{"val":"${'9'.repeat(41)}"}`,
    `{"val":"1"}${' '.repeat(64)}`,
  ])('admission - %j is no value of a counter', (body) => {
    expect(counter(own, body)).toBe('no value of a counter');
  });

  it('admission - names beyond the limit are refused, and known ones go on', () => {
    const named = (endpoint: string, tenant = 'acme') =>
      subjects.flow.build({
        site: 'edge-b',
        tenant,
        fromSite: 'edge-b',
        from: 'desk',
        service: 'quotes',
        major: 1,
        endpoint,
        metric: 'calls',
      });
    const stored = Array.from({ length: maxNames.flow / 2 - 1 }, (_, at) => named(`e${at}`));
    const { refusal } = admission('flow', stored, ['acme', 'globex', 'initech']);
    // What is refused for another reason takes no room.
    expect(refusal({ subject: named('x'), data: encoder.encode('x') })).toBe('no value of a counter');
    expect(refusal({ subject: named('last'), data: one })).toBeUndefined();
    expect(refusal({ subject: named('more'), data: one })).toBe('one name too many');
    for (const endpoint of ['last', 'e0', 'e777'])
      expect(refusal({ subject: named(endpoint), data: one })).toBeUndefined();
    expect(refusal({ subject: named('more'), data: one })).toBe('one name too many');
    // Another tenant of the site has room, and leaves some in turn.
    let taken = 0;
    while (refusal({ subject: named(`e${taken}`, 'globex'), data: one }) === undefined) taken += 1;
    expect(taken).toBe(maxNames.flow / 4);
    expect(refusal({ subject: named('first', 'initech'), data: one })).toBeUndefined();
  });
});
