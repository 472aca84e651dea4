import { headers } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { silent } from '../../../test/support/silent-logger.ts';
import { createDeprecations } from './deprecations.ts';

const reply = (value: string) => ({
  data: new Uint8Array(),
  headers: { get: (name: string) => (name === headers.deprecation ? value : '') },
});

test('deprecations - a reply that tells of one is noted, and logged once for each date', () => {
  const lines: unknown[] = [];
  const deprecations = createDeprecations({
    ...silent,
    warn: (...said: unknown[]) => void lines.push(said),
  } as typeof silent);
  const told = { service: 'quotes', major: 1, since: 1_719_705_600_000 };
  expect(deprecations.note('quotes', 1, reply('@1719705600'))).toEqual(told);
  expect(deprecations.note('quotes', 1, reply('@1719705600'))).toEqual(told);
  expect(deprecations.known).toEqual([told]);
  expect(lines).toEqual([
    [{ api: 'quotes.v1', since: '2024-06-30T00:00:00.000Z' }, 'a deprecated API is called'],
  ]);
  deprecations.note('quotes', 1, reply('@1719792000'));
  expect([lines.length, deprecations.known.length]).toEqual([2, 1]);
});

test('deprecations - a reply without the header, or with one that cannot be read, tells nothing', () => {
  const deprecations = createDeprecations(silent);
  for (const each of [reply(''), reply('soon'), { data: new Uint8Array() }]) {
    expect(deprecations.note('quotes', 1, each)).toBeUndefined();
  }
  expect(deprecations.known).toEqual([]);
});

test('deprecations - a listener that throws fails no call', () => {
  const lines: unknown[] = [];
  const deprecations = createDeprecations({
    ...silent,
    error: (...said: unknown[]) => void lines.push(said[1]),
  } as typeof silent);
  const told = deprecations.note('quotes', 1, reply('@1719705600'), () => {
    throw new Error('a listener’s own');
  });
  expect([told?.major, lines]).toEqual([1, ['onDeprecated failed']]);
});
