import { expect, test } from 'vitest';
import { collectLabels } from './service-label.ts';

test('service label - KEY=VALUE puts one on, KEY- takes one off; values may hold anything', () => {
  let labels = collectLabels('team=a=b');
  for (const text of ['env-', 'note=']) labels = collectLabels(text, labels);
  expect([...labels]).toEqual([
    ['team', 'a=b'],
    ['env', undefined],
    ['note', ''],
  ]);
});

test.each(['', '=x', '-', 'team'])('service label - %j is refused', (text) => {
  expect(() => collectLabels(text)).toThrow('Expected KEY=VALUE');
});

test('service label - one label twice is a slip', () => {
  expect(() => collectLabels('a-', collectLabels('a=b'))).toThrow('"a" is there twice');
});
