import { type Msg, PermissionViolationError, RequestError } from 'nats';
import { expect, test } from 'vitest';
import { manualClock } from '../../../test/support/manual-clock.ts';
import { silent } from '../../../test/support/silent-logger.ts';
import { watchServerMemory } from './server-memory.ts';

/** Watches a server that answers as told, in turn; the last answer stays. */
function watch(...answers: (object | Error)[]) {
  const clock = manualClock();
  const asked: number[] = [];
  const connection = {
    async request() {
      asked.push(clock.monotonic());
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return { json: () => answer } as unknown as Msg;
    },
  };
  const memory = watchServerMemory({ connection, site: 'edge-a', clock, logger: silent });
  return { clock, asked, memory };
}

const saying = (mem: unknown, name = 'edge-a') => ({ server: { name }, statsz: { mem } });

test('server memory - it is asked every ten seconds, and says how old the figure is', async () => {
  const { clock, asked, memory } = watch(saying(20_000_000), saying(21_000_000));
  expect(memory.current()).toBeUndefined();
  await clock.advance(4_000);
  expect(memory.current()).toEqual({ rss: 20_000_000, age: 4_000 });
  await clock.advance(6_000);
  expect(memory.current()).toEqual({ rss: 21_000_000, age: 0 });
  memory.close();
  await clock.advance(60_000);
  expect(asked).toHaveLength(2);
});

test('server memory - while the server is away the last figure grows old', async () => {
  const { clock, asked, memory } = watch(saying(20_000_000), new Error('no responders'));
  await clock.advance(30_000);
  expect(memory.current()).toEqual({ rss: 20_000_000, age: 30_000 });
  expect(asked).toHaveLength(4);
});

test('server memory - one that is not there yet is asked as usual', async () => {
  const { clock, memory } = watch(new Error('no responders'), new Error('timeout'), saying(20_000_000));
  await clock.advance(20_000);
  expect(memory.current()).toEqual({ rss: 20_000_000, age: 0 });
});

test('server memory - one that may not be asked is left alone for ten minutes', async () => {
  const cause = new PermissionViolationError(
    'permissions violation',
    'publish',
    '$SYS.REQ.SERVER.PING.STATSZ',
  );
  const { clock, asked, memory } = watch(new RequestError(cause.message, { cause }));
  await clock.advance(599_000);
  expect(memory.current()).toBeUndefined();
  expect(asked).toHaveLength(1);
  await clock.advance(1_000);
  expect(asked).toHaveLength(2);
});

test.each([
  ['of another server', saying(1, 'edge-b')],
  ['that is no number', saying('much')],
  ['that is missing', {}],
])('server memory - a figure %s is left out', async (_, answer) => {
  const { clock, memory } = watch(answer);
  await clock.advance(1);
  expect(memory.current()).toBeUndefined();
});
