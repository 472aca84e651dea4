import { describe, expect, it } from 'vitest';
import { captured, leaves, pathOf, programOf } from '../../../test/support/program.ts';
import { explainFailure } from './failure.ts';
import { createProgram } from './program.ts';

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

  const commands = leaves(programOf().program).map(
    (command) => [pathOf(command).join(' '), command] as const,
  );

  it('program - has all the commands', () => {
    expect(commands.map(([name]) => name)).toMatchInlineSnapshot(`
      [
        "up",
        "down",
        "run",
        "init",
        "status",
        "service add",
        "service label",
        "tenant add",
        "tenant remove",
        "site invite",
        "site join",
        "site uninvite",
        "site remove",
        "site restore",
        "revoke",
        "rotate service",
        "rotate gateway",
        "rotate leaf",
        "rotate signing",
        "apply",
        "get",
        "delete",
        "call",
        "discover",
        "explain",
        "audit tail",
        "audit verify",
        "flow get",
        "flow recount",
        "backup",
        "restore",
        "operator rotate",
        "bench",
        "doctor",
        "completion",
      ]
    `);
  });

  it.each(commands)('program - %s: its help has a description and an example', async (name, command) => {
    const { stdout } = await run(...name.split(' '), '--help');
    expect(stdout).toMatch(/\nExamples?:\n/);
    expect(stdout).toContain(`causeway ${name}`);
    expect(command.description()).not.toBe('');
    for (const { description, hidden } of command.options) expect(hidden || description).toBeTruthy();
    for (const { description } of command.registeredArguments) expect(description).not.toBe('');
  });

  /** What these write is for people, for a shell, or is said by the exit code. */
  const withoutOutput = ['down', 'run', 'completion'];

  it.each(commands)('program - %s: what it prints can be had as JSON and YAML', (name, command) => {
    const output = command.options.find(({ long }) => long === '--output');
    expect(output?.argChoices ?? []).toEqual(withoutOutput.includes(name) ? [] : ['table', 'json', 'yaml']);
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

  it.each(commands)('program - %s: an option that is not known is wrong usage', async (name) => {
    const { code, stdout, stderr } = await run(...name.split(' '), '--nonsense');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^causeway: .*\n/);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it.each([
    ['status'],
    ['down'],
    ['service add a/b/c --out /nonexistent/c.creds'],
    ['tenant add a'],
    ['tenant add a --site edge-a --site edge-b'],
    ['tenant remove a --site edge-a --force'],
    ['site remove a'],
    ['revoke a/b/c'],
    ['revoke a'],
    ['get apis'],
    ['delete policy a'],
    ['audit tail'],
    ['audit verify'],
    ['flow get'],
    ['flow recount'],
    ['explain --from a/b/c --to q.v1.e'],
    ['bench'],
  ])('program - %s says so where there is no fabric', async (line) => {
    const { code, stdout, stderr } = await run(...line.split(' '), '--dir', '/nonexistent/fabric');
    expect(stderr).toMatch(/^causeway: there is no fabric in \/nonexistent\/fabric; .*\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});
