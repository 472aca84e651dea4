import { CausewayError } from '@causeway/protocol';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { CommandFailure, explainFailure, UsageError } from './failure.ts';

const explain = (error: unknown, env = {}) => explainFailure(error, env, '/f/logs');

describe('failure', () => {
  it('failure - what a person can mend is one line, without a stack', () => {
    expect(explain(new CommandFailure('it is not up'))).toEqual({
      text: 'causeway: it is not up\n',
      exitCode: 1,
    });
    expect(explain(new CausewayError('DENIED', 'no'))).toEqual({
      text: 'causeway: DENIED: no\n',
      exitCode: 1,
    });
    expect(explain(new UsageError('--a goes with --b'))).toMatchObject({ exitCode: 2 });
    const missing = Object.assign(new Error("ENOENT: no such file, open 'x'"), {
      syscall: 'open',
      path: 'x',
    });
    expect(explain(missing)).toEqual({ text: "causeway: ENOENT: no such file, open 'x'\n", exitCode: 1 });
  });

  it.each([
    ['ENOSPC', undefined, 'write: no space is left on the disk; make room (ENOSPC)'],
    [
      'EROFS',
      '/ro/fabric',
      '/ro/fabric: the file system is read-only; choose a folder that can be written (EROFS)',
    ],
    ['EACCES', '/f', '/f: permission is missing; check who owns it (EACCES)'],
    ['EISDIR', undefined, 'write: a folder is there, not a file; name a file (EISDIR)'],
    ['ENOTDIR', '/f/g', '/f/g: a part of the path is a file, not a folder; check the path (ENOTDIR)'],
  ])('failure - %s is said in words', (code, path, words) => {
    const fault = Object.assign(
      new Error(code),
      { code, syscall: 'write' },
      path === undefined ? {} : { path },
    );
    expect(explain(fault)).toEqual({ text: `causeway: ${words}\n`, exitCode: 1 });
  });

  it('failure - what goes out for programs goes out as it stands', () => {
    expect(explain(new CommandFailure('{"code":"DENIED"}', { bare: true }))).toEqual({
      text: '{"code":"DENIED"}\n',
      exitCode: 1,
    });
  });

  it('failure - what nobody expected names the logs, and shows its stack only when asked', () => {
    const { text, exitCode } = explain(new TypeError('x is undefined'));
    expect(exitCode).toBe(1);
    expect(text).toMatch(/^causeway: x is undefined; logs are in \/f\/logs, and CAUSEWAY_DEBUG=1 .*\n$/);
    expect(explain(new TypeError('x is undefined'), { CAUSEWAY_DEBUG: '1' }).text).toMatch(/\n {4}at /);
    expect(explain('thrown').text).toContain('causeway: thrown;');
  });

  it('failure - wrong usage has been said already and exits 2; help that was asked for exits 0', () => {
    expect(explain(new CommanderError(1, 'commander.unknownCommand', ''))).toEqual({ text: '', exitCode: 2 });
    expect(explain(new CommanderError(1, 'commander.help', ''))).toEqual({ text: '', exitCode: 2 });
    expect(explain(new CommanderError(0, 'commander.helpDisplayed', ''))).toEqual({ text: '', exitCode: 0 });
  });

  it('failure - texts of others cannot steer the terminal', () => {
    expect(explain(new CommandFailure('a\u001b[2Jb')).text).toBe('causeway: a?[2Jb\n');
  });
});
