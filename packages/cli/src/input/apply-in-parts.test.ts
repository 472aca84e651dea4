import { type ApplyReply, CausewayError } from '@causeway/protocol';
import { expect, it } from 'vitest';
import { applyInParts, partsOf } from './apply-in-parts.ts';

const policy = (name: string, service: string) => ({ kind: 'policy', name, to: { service } });

/** An administrator whose requests are noted; `fail` says what becomes of one. */
function admin(
  fail: (documents: readonly object[], dryRun: boolean, nth: number) => Error | undefined = () => undefined,
) {
  const requests: { documents: readonly { name?: string }[]; dryRun: boolean }[] = [];
  return {
    requests,
    async apply(documents: readonly object[], { dryRun = false } = {}): Promise<ApplyReply> {
      requests.push({ documents, dryRun });
      const error = fail(documents, dryRun, requests.length);
      if (error) throw error;
      return {
        revision: requests.length * 10,
        since: requests.length,
        changes: documents.map((each) => ({
          kind: 'policy',
          name: (each as { name: string }).name,
          change: 'created',
        })),
        warnings: [{ pointer: '/documents/0/to', problem: 'first' }],
      };
    },
  };
}
const options = { dryRun: false, onProgress: () => {} };

it('apply in parts - what fits one request is one, as it was written', async () => {
  const documents = [policy('b', 'z'), policy('a', 'y')];
  const one = admin();
  const reply = await applyInParts(one, documents, options);
  expect(one.requests).toEqual([{ documents, dryRun: false }]);
  expect(reply).toMatchObject({ revision: 10, since: 1, changes: [{ name: 'b' }, { name: 'a' }] });
});

it('apply in parts - more are checked all before the first is applied, what is about one service together', async () => {
  const documents = Array.from({ length: 2_500 }, (_, n) => policy(`p${n}`, `s${n % 2}`));
  const many = admin();
  const said: string[] = [];
  const reply = await applyInParts(many, documents, { ...options, onProgress: (text) => said.push(text) });
  expect(many.requests.map(({ documents: some, dryRun }) => [some.length, dryRun])).toEqual([
    ...[
      [1_000, true],
      [1_000, true],
      [500, true],
    ],
    ...[
      [1_000, false],
      [1_000, false],
      [500, false],
    ],
  ]);
  expect(reply.changes.map(({ name }) => name)).toEqual(documents.map(({ name }) => name));
  expect([reply.revision, reply.since]).toEqual([60, 4]);
  expect(reply.warnings.map(({ pointer }) => pointer)).toEqual([
    '/documents/0/to',
    '/documents/2000/to',
    '/documents/1501/to',
  ]);
  expect(said.at(-1)).toBe('2500 of 2500 documents applied');
  expect(many.requests[0]?.documents.every(({ name }) => Number(name?.slice(1)) % 2 === 0)).toBe(true);
});

it('apply in parts - parts are bounded by bytes as well', () => {
  const documents = Array.from({ length: 10 }, (_, n) => ({
    ...policy(`p${n}`, 's'),
    reason: 'x'.repeat(200_000),
  }));
  const parts = partsOf(documents);
  expect(parts.map((part) => part.length)).toEqual([4, 4, 2]);
  expect(parts.flat()).toEqual(documents.map((_, n) => n));
});

it('apply in parts - a fault is told at its place in the whole list, and nothing was applied', async () => {
  const documents = Array.from({ length: 1_500 }, (_, n) => policy(`p${n}`, 's'));
  const faulty = admin((_, __, nth) =>
    nth === 2
      ? new CausewayError('INVALID_REQUEST', 'policy /documents/7/to is bad', { pointer: '/documents/7/to' })
      : undefined,
  );
  await expect(applyInParts(faulty, documents, options)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    reason: 'policy /documents/1007/to is bad',
    pointer: '/documents/1007/to',
  });
  expect(faulty.requests.every(({ dryRun }) => dryRun)).toBe(true);
});

it('apply in parts - where one fails after others were applied, it says how many stand', async () => {
  const documents = Array.from({ length: 1_500 }, (_, n) => policy(`p${n}`, 's'));
  const broken = admin((_, dryRun, nth) =>
    !dryRun && nth === 4 ? new CausewayError('PAYLOAD_TOO_LARGE', 'too much') : undefined,
  );
  await expect(applyInParts(broken, documents, options)).rejects.toThrow(
    'PAYLOAD_TOO_LARGE: too much; 1000 of 1500 documents stand as of revision 30',
  );
});
