import { systemClock, systemRandom } from '@causeway/transport';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { silent } from '../../../test/support/silent-logger.ts';
import type { Context } from './context.ts';
import { explainFailure } from './failure.ts';
import { createProgram } from './program.ts';

/** A context whose streams are read by the test. */
function captured() {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) =>
    ({
      write(text: string) {
        written[name] += text;
        return true;
      },
    }) as unknown as NodeJS.WriteStream;
  const context: Context = {
    stdin: process.stdin,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: {},
    clock: systemClock,
    random: systemRandom,
    logger: () => silent,
    interruption: () => new AbortController().signal,
  };
  return { written, context };
}

async function run(...args: string[]) {
  const { written, context } = captured();
  try {
    await createProgram(context).parseAsync(args, { from: 'user' });
    return { ...written, code: 0 };
  } catch (error) {
    const { text, exitCode } = explainFailure(error, {}, '/logs');
    return { stdout: written.stdout, stderr: written.stderr + text, code: exitCode };
  }
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

describe('program', () => {
  it('program - --help and --version go to standard output and exit 0', async () => {
    expect(await run('--version')).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
    const help = await run('up', '--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('--dir <folder>');
    expect(help.stdout).not.toContain('--daemon');
  });

  it('program - the help of every command has an example of it', async () => {
    const commands = leaves(createProgram(captured().context));
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands) {
      const path = [];
      for (let at: Command | null = command; at?.parent; at = at.parent) path.unshift(at.name());
      const { stdout } = await run(...path, '--help');
      expect(stdout).toMatch(/\nExamples?:\n/);
      expect(stdout).toContain(`\n  causeway ${path.join(' ')}`);
      expect(command.description()).not.toBe('');
    }
  });

  it.each([
    [['aply'], 'Did you mean apply?'],
    [['status', '--ouput', 'json'], 'Did you mean --output?'],
    [['status', '-o', 'xml'], 'Allowed choices are table, json, yaml.'],
    [['get', 'policy'], 'Allowed choices are apis, policies'],
    [['get'], "missing required argument 'kind'"],
    [['apply'], "required option '-f, --file <path>' not specified"],
    [['call', 'quotes.latest', '--as', 'x'], 'Expected SERVICE.vMAJOR.ENDPOINT'],
    [['call', 'quotes.v1.latest', '{', '--as', 'x'], 'the request is not JSON'],
    [['call', 'quotes.v1.latest', '{}', '--as', 'x', '--timeout', '2'], 'Expected a time such as'],
    [['call', 'quotes.v1.latest@a', '{}', '--as', 'x', '--site', 'b'], '--site says b'],
    [['service', 'add', 'acme/edge-a', '--out', 'x'], 'Expected TENANT/SITE/NAME'],
    [['service', 'add', 'a/b/c', '--out', 'x', '--nkey', 'SUAB'], 'Expected the public key of a user'],
    [['up', '--once'], '--once goes with --demo'],
    [['up', '--sites', 'cloud'], 'cloud is always there'],
    [['up', '--sites', 'Edge'], '"Edge"'],
    [['run', 'site'], '--site NAME'],
    [['init', '--sites', 'a', '--host', 'b=x'], '--host names site b'],
    [['init', '--sites', 'a,b', '--host', 'a=x', '--host', 'b=x'], 'use --ports free'],
  ])('program - %j is wrong usage', async (args, expected) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toContain(expected);
    expect(stderr).toMatch(/^causeway: /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('program - without a command it shows its help on standard error', async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: causeway');
  });

  it.each([
    ['status'],
    ['down'],
    ['get apis'],
    ['audit verify'],
    ['flow recount'],
    ['explain --from a/b/c --to q.v1.e'],
  ])('program - %s says so where there is no fabric', async (line) => {
    const { code, stdout, stderr } = await run(...line.split(' '), '--dir', '/nonexistent/fabric');
    expect(stderr).toMatch(/^causeway: there is no fabric in \/nonexistent\/fabric; .*\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});
