import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { canAsk, confirm } from './confirm.ts';

async function answered(text: string): Promise<{ yes: boolean; asked: string }> {
  const [stdin, stderr] = [new PassThrough(), new PassThrough()];
  stdin.end(text);
  const yes = await confirm({ stdin, stderr }, 'Delete it?');
  return { yes, asked: String(stderr.read() ?? '') };
}

test.each([
  ['y\n', true],
  ['Yes\n', true],
  [' y \n', true],
  ['n\n', false],
  ['\n', false],
  ['yesterday\n', false],
  ['', false],
])('confirm - %j is %s', async (text, expected) => {
  const { yes, asked } = await answered(text);
  expect([yes, asked]).toEqual([expected, expect.stringContaining('Delete it? [y/N]')]);
});

test('confirm - nobody is asked who does not sit at a terminal', () => {
  const stream = (isTTY: boolean) => ({ isTTY }) as never;
  expect(canAsk({ stdin: stream(true), stderr: stream(true) })).toBe(true);
  expect(canAsk({ stdin: stream(false), stderr: stream(true) })).toBe(false);
  expect(canAsk({ stdin: stream(true), stderr: stream(false) })).toBe(false);
});
