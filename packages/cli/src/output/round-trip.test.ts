import { expect, test } from 'vitest';
import { createDice, documentsOf } from '../../../../test/support/policy-cases.ts';
import { parseDocuments } from '../input/parse-documents.ts';
import { jsonText, yamlText } from './format.ts';

const cases = 2_000;
/** Words that YAML, or a terminal, might take for something else. */
const words = [
  ...['no', 'on', 'yes', '~', 'null', 'true', '1.0', '0x1f', '1e3', '2026-01-01', '12:30:45', '.inf', '-0'],
  ...[
    '',
    ' ',
    '- a',
    '# a',
    'a: b',
    '{a}',
    '[a',
    '*a',
    '&a',
    '!a',
    '%a',
    '@a',
    '`a',
    '|',
    '>',
    '?',
    "'",
    '"',
    '\\',
  ],
  ...[
    'a\nb',
    'a\n\n',
    '\ta',
    'a\t',
    '\r\n',
    '\u0007',
    '\u001b[31m',
    '\u2028',
    '\u202e',
    '\ufeff',
    'ü',
    '😀',
    '---',
    '...',
  ],
];

type Dice = ReturnType<typeof createDice>;

function sentence(dice: Dice): string {
  return Array.from({ length: 1 + dice.below(4) }, () => dice.oneOf(words)).join(dice.oneOf(['', ' ', '\n']));
}

test(`round trip - ${cases} lists of documents are read back as they were, from YAML and from JSON`, () => {
  const dice = createDice(20_261_124);
  let documents = 0;
  while (documents < cases) {
    const { policies, services, apis } = documentsOf(dice);
    const items = [...policies, ...services, ...apis].map((each) => ({
      ...each,
      ...(each.kind === 'service' ? { keys: each.keys.length } : {}),
      description: sentence(dice),
      labels: { [dice.oneOf(words)]: sentence(dice), on: dice.oneOf(words) },
      revision: dice.below(1_000_000),
    }));
    documents += items.length;
    for (const text of [yamlText(items), jsonText(items, 2)]) {
      const { documents: read, faults } = parseDocuments(text, 'f');
      expect(faults).toEqual([]);
      expect(read.map(({ value }) => value)).toEqual(items);
    }
  }
});
