import { systemRandom } from '@causeway/transport';
import { expect, it } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import type { Context } from '../context.ts';
import { whileWaiting } from './waiting.ts';

it('waiting - what is quick is not talked about; what takes two seconds is', async () => {
  const clock = manualClock();
  let said = '';
  const stream = {
    write(text: string) {
      said += text;
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  const context: Context = {
    ...{ stdin: process.stdin, stdout: stream, stderr: stream, env: {}, clock, random: systemRandom },
    logger: () => silent,
    interruption: () => new AbortController().signal,
  };
  expect(await whileWaiting(context, 'waiting for it', async () => 1)).toBe(1);
  await clock.advance(5_000);
  expect(said).toBe('');
  const { promise, resolve } = Promise.withResolvers<number>();
  const slow = whileWaiting(context, 'waiting for it', () => promise);
  await clock.advance(1_999);
  expect(said).toBe('');
  await clock.advance(1);
  expect(said).toBe('causeway: waiting for it\n');
  resolve(2);
  expect(await slow).toBe(2);
});
