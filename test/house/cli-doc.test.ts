import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leaves, pathOf, programOf } from '../support/program.ts';
import { root } from '../support/source-files.ts';

const text = await readFile(join(root, 'docs/cli.md'), 'utf8');
const sections = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')).trim(), section]),
);
const commands = leaves(programOf().program).map(
  (command) => [`causeway ${pathOf(command).join(' ')}`, command] as const,
);

describe('docs/cli.md', () => {
  it('docs/cli.md - has a section for each command, and for no other', () => {
    expect([...sections.keys()].sort()).toEqual(commands.map(([name]) => name).sort());
  });

  it.each(commands)('docs/cli.md - the section of %s names its options', (name, command) => {
    const section = sections.get(name) ?? '';
    expect(section).toContain(`\n    ${name}`);
    const everywhere = ['--output', '--help'];
    const missing = command.options
      .filter(({ long, hidden }) => !hidden && !everywhere.includes(long ?? ''))
      .filter(({ long }) => !section.includes(long ?? ''));
    expect(missing.map(({ long }) => long)).toEqual([]);
  });
});
