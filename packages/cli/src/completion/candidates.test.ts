import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { programOf } from '../../../../test/support/program.ts';
import { type Candidates, candidatesFor, type Place } from './candidates.ts';
import { byPlace } from './values.ts';

const { program } = programOf();

/** What is offered at the end of a line, and the place that the fabric was asked about. */
async function at(line: string): Promise<{ names: string[] | 'files'; place: Place | undefined }> {
  const words = line.split(' ');
  const current = words.pop() ?? '';
  let place: Place | undefined;
  const found: Candidates = await candidatesFor(program, words, current, async (asked) => {
    place = asked;
    return [{ name: 'from-the-fabric' }];
  });
  return { names: found === 'files' ? found : found.map(({ name }) => name), place };
}

describe('completion', () => {
  it('completion - commands, and commands of commands; none that is hidden', async () => {
    const { names } = await at('');
    expect(names).toEqual(expect.arrayContaining(['up', 'get', 'audit', 'site', 'completion']));
    expect(names).not.toContain('completion-server');
    expect((await at('audit ')).names).toEqual(['tail', 'verify']);
    expect((await at('--dir x audit ')).names).toEqual(['tail', 'verify']);
  });

  it('completion - choices of arguments and of options', async () => {
    expect((await at('get ')).names).toContain('policies');
    expect((await at('get policies -o ')).names).toEqual(['table', 'json', 'yaml']);
    expect((await at('audit tail --since ')).names).toEqual(['beginning', 'now']);
  });

  it('completion - options with a dash; those that were given only where they may come again', async () => {
    expect((await at('up --')).names).toEqual(
      expect.arrayContaining(['--detach', '--sites', '--dir', '--help']),
    );
    expect((await at('up --')).names).not.toContain('--daemon');
    expect((await at('up --detach --sites a -')).names).not.toContain('--detach');
    expect((await at('apply -f a -')).names).toContain('--file');
  });

  it.each([
    ['revoke ', { command: 'revoke', at: 0, before: [], dir: undefined }],
    ['--dir there revoke ', { command: 'revoke', at: 0, dir: 'there' }],
    ['delete --dir=there policy ', { command: 'delete', at: 1, before: ['policy'], dir: 'there' }],
    ['bench --seconds 3 --from ', { command: 'bench', at: '--from' }],
    ['site remove ', { command: 'site remove', at: 0 }],
  ])('completion - at "%s" the fabric is asked', async (line, place) => {
    expect(await at(line)).toMatchObject({ names: ['from-the-fabric'], place });
  });

  it('completion - beyond the last argument there is nothing', async () => {
    expect(await at('revoke x ')).toEqual({ names: [], place: undefined });
  });

  it('completion - every place that the fabric is asked about is a place of the program', () => {
    for (const place of Object.keys(byPlace)) {
      const words = place.split(' ');
      const where = words.pop() ?? '';
      const command = words.reduce<Command | undefined>(
        (parent, name) => parent?.commands.find((each) => each.name() === name),
        program,
      );
      const known = where.startsWith('--')
        ? command?.options.some(({ long }) => long === where)
        : command?.registeredArguments[Number(where)] !== undefined;
      expect([place, known]).toEqual([place, true]);
    }
  });
});
