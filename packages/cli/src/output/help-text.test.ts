import { expect, it } from 'vitest';
import { reflow } from './help-text.ts';

it('help text - paragraphs fit the width, commands stand as they are', () => {
  const text =
    '\nExamples:\n  causeway status --dir /var/lib/causeway\n\nThe exit code is 1\nwhere anything is wrong. See docs.';
  expect(reflow(text, 24)).toBe(
    '\nExamples:\n  causeway status --dir /var/lib/causeway\n\nThe exit code is 1 where\nanything is wrong. See\ndocs.',
  );
  expect(reflow(text, 80)).toBe(
    '\nExamples:\n  causeway status --dir /var/lib/causeway\n\nThe exit code is 1 where anything is wrong. See docs.',
  );
});
