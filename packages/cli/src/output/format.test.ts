import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonLine, jsonText, yamlText } from './format.ts';
import { printable, printableLine } from './terminal.ts';

/** What a service, a record or a name may hold that others wrote: it reaches a terminal by `-o json` as by a table. */
const hostile = {
  'k\u009b31m': 'clear \u009b2J, rub out \u007f, next line \u0085',
  turned: 'allow \u202e\u2066deny\u2069',
  escape: '\u001b]0;title\u0007',
  fine: 'ü 日本 €',
};
const steers = /(?!\n)[\p{Cc}\p{Bidi_Control}]/u;

describe('format', () => {
  it('format - JSON and YAML steer no terminal, and are read as what was meant', () => {
    for (const text of [jsonLine(hostile), jsonText(hostile, 2), yamlText(hostile)]) {
      expect(text).not.toMatch(steers);
      expect(text).toContain('日本');
    }
    expect(JSON.parse(jsonLine(hostile))).toEqual(hostile);
    expect(JSON.parse(jsonText(hostile, 2))).toEqual(hostile);
    expect(parse(yamlText(hostile))).toEqual(hostile);
  });

  it('format - text for people neither', () => {
    for (const text of Object.entries(hostile).flat()) expect(printable(text)).not.toMatch(steers);
    expect(printable(hostile.fine)).toBe(hostile.fine);
    expect(printableLine('one\ntwo')).toBe('one two');
  });
});
