import { subjects } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFlowSums, flowKey, flowKeys } from './flow.ts';
import { anyRecord, chainOf, createSigner, messageOf, recordOf } from './generate.test-support.ts';
import { parseBlock } from './parse-block.ts';
import { classOf } from './record.ts';
import { compareCounters, createRecount, unstampedFlow } from './recount.ts';

const signer = createSigner('flow-key');
const prefix = 'flow.edge-a.acme.edge-b.desk';

test('flow - a record adds to its calls, its code, bytes and duration', () => {
  expect(Object.fromEntries(flowKeys(recordOf({ count: 2 })))).toEqual({
    [`${prefix}.quotes.v1.latest.calls`]: 2,
    [`${prefix}.quotes.v1.latest.code-ok`]: 2,
    [`${prefix}.quotes.v1.latest.request-bytes`]: 24,
    [`${prefix}.quotes.v1.latest.reply-bytes`]: 68,
    [`${prefix}.quotes.v1.latest.duration-us`]: 112,
  });
});

test('flow - what a caller makes up makes no counters', () => {
  const to = { service: 'quotes', major: 1, endpoint: 'x1' };
  for (const code of ['NO_SUCH_ENDPOINT', 'NO_ROUTE']) {
    const keys = [...flowKeys(recordOf({ to, code, decision: 'denied' })).keys()];
    const caller = code === 'NO_ROUTE' ? 'flow.edge-a.acme.edge-b.-' : prefix;
    expect(keys[0]).toBe(`${caller}.quotes.v1.any.calls`);
  }
  // Of the site's own services the broker vouches for the names.
  const own = recordOf({
    to,
    code: 'NO_ROUTE',
    decision: 'denied',
    from: { site: 'edge-a', service: 'desk' },
  });
  expect([...flowKeys(own).keys()][0]).toBe('flow.edge-a.acme.edge-a.desk.quotes.v1.any.calls');
  const reported = recordOf({ to: { ...to, service: 'made-up' }, code: 'UNREACHABLE', decision: 'reported' });
  expect([...flowKeys(reported).keys()][1]).toBe(`${prefix}.-.v0.any.code-unreachable`);
});

test('flow - every subject is one of the grammar, and draining leaves nothing', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 20 }), (records) => {
      const sums = createFlowSums();
      for (const record of records) sums.add(record, flowKey(record));
      for (const subject of sums.drain().keys()) expect(subjects.flow.parse(subject)).toBeDefined();
      expect(sums.drain().size).toBe(0);
      expect(sums.calls).toBe(0);
    }),
  );
});

test('flow - counters equal a recount of the blocks, however records and drains fall', () => {
  const entry = fc.tuple(anyRecord, fc.boolean(), fc.boolean());
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), fc.nat({ max: 40 }), (entries, cut) => {
      const blocks: (typeof entries)[] = [];
      for (const item of entries) {
        const open = blocks.at(-1);
        const fits = open?.[0] && classOf(open[0][0]) === classOf(item[0]);
        if (open && fits && !item[1]) open.push(item);
        else blocks.push([item]);
      }
      const counters = new Map<string, bigint>();
      const sums = createFlowSums();
      const drain = () => {
        for (const [subject, amount] of sums.drain()) {
          counters.set(subject, (counters.get(subject) ?? 0n) + BigInt(amount));
        }
      };
      // Counters include the blocks up to the watermark; the records of later ones are still unwritten.
      for (const [record, , drains] of blocks.slice(0, cut).flat()) {
        sums.add(record);
        if (drains) drain();
      }
      drain();
      const recount = createRecount({ watermark: () => cut });
      const sealed = chainOf(
        signer,
        blocks.map((items) => items.map(([record]) => record)),
      );
      for (const block of [...sealed, ...sealed].reverse()) {
        const parsed = parseBlock(messageOf(block, { source: 'edge-a' }));
        expect(parsed.fault).toBeUndefined();
        if (parsed.value) recount.add(parsed.value);
      }
      expect(compareCounters(recount.totals(), counters)).toEqual([]);
      if (counters.size > 0) {
        const [subject = '', amount = 0n] = [...counters][0] ?? [];
        counters.set(subject, amount + 1n);
        const [found] = compareCounters(recount.totals(), counters);
        expect(found).toEqual({ subject, recounted: amount, counted: amount + 1n });
      }
    }),
    { numRuns: 100 },
  );
});

test('recount - a block delivered under another site’s name does not count', () => {
  const [block] = chainOf(signer, [[recordOf()]]);
  const parsed = block && parseBlock(messageOf(block, { source: 'edge-b' }));
  const recount = createRecount();
  expect(parsed?.value && recount.add(parsed.value)).toBe(false);
  expect(recount.totals().size).toBe(0);
});

test('recount - the cloud’s stamp is taken off only where it is the counter’s own site', () => {
  const subject = `${prefix}.quotes.v1.latest.calls`;
  expect(unstampedFlow(`from.edge-a.${subject}`)).toBe(subject);
  expect(unstampedFlow(`from.edge-b.${subject}`)).toBe(`from.edge-b.${subject}`);
});
