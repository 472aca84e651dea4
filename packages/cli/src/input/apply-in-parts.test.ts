import { type ApplyReply, CausewayError } from '@causeway/protocol';
import { expect, it } from 'vitest';
import { CommandFailure } from '../failure.ts';
import { applyInParts, type PartsRequest, partsOf } from './apply-in-parts.ts';

const policy = (name: string, service: string) => ({ kind: 'policy', name, to: { service } });

/** An administrator whose requests are noted; `fail` says what becomes of one, `pruned` is told after what each wrote. */
function admin(
  fail: (documents: readonly object[], dryRun: boolean, nth: number) => Error | undefined = () => undefined,
  pruned: ApplyReply['changes'] = [],
) {
  const requests: { documents: readonly { name?: string }[]; dryRun: boolean; more: PartsRequest }[] = [];
  return {
    requests,
    async apply(
      documents: readonly object[],
      { dryRun = false, ...more }: PartsRequest & { dryRun?: boolean } = {},
    ): Promise<ApplyReply> {
      requests.push({ documents, dryRun, more });
      const error = fail(documents, dryRun, requests.length);
      if (error) throw error;
      return {
        revision: requests.length * 10,
        since: requests.length,
        changes: [
          ...documents.map((each) => ({
            kind: 'policy',
            name: (each as { name: string }).name,
            change: 'created' as const,
          })),
          ...pruned,
        ],
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
  expect(one.requests).toEqual([{ documents, dryRun: false, more: {} }]);
  expect(reply).toMatchObject({ revision: 10, since: 1, changes: [{ name: 'b' }, { name: 'a' }] });
});

it('apply in parts - more are checked all before the first is applied, what is about one service together', async () => {
  const documents = Array.from({ length: 2_500 }, (_, n) => policy(`p${n}`, `s${n % 2}`));
  const many = admin();
  const said: string[] = [];
  const reply = await applyInParts(many, documents, { ...options, onProgress: (text) => said.push(text) });
  expect(many.requests.map(({ documents: some, dryRun }) => [some.length, dryRun])).toEqual([
    ...[
      [900, true],
      [900, true],
      [700, true],
    ],
    ...[
      [900, false],
      [900, false],
      [700, false],
    ],
  ]);
  // What a part alone does to access is nothing that is true of them all.
  expect(many.requests.map(({ more }) => more)).toEqual(many.requests.map(() => ({ access: false })));
  expect(reply.changes.map(({ name }) => name)).toEqual(documents.map(({ name }) => name));
  expect([reply.revision, reply.since]).toEqual([60, 4]);
  expect(reply.warnings.map(({ pointer }) => pointer)).toEqual([
    '/documents/0/to',
    '/documents/1800/to',
    '/documents/1101/to',
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
    reason: 'policy /documents/907/to is bad',
    pointer: '/documents/907/to',
  });
  expect(faulty.requests.every(({ dryRun }) => dryRun)).toBe(true);
});

it('apply in parts - where one fails after others were applied, it says how many stand', async () => {
  const documents = Array.from({ length: 1_500 }, (_, n) => policy(`p${n}`, 's'));
  const broken = admin((_, dryRun, nth) =>
    !dryRun && nth === 4 ? new CausewayError('PAYLOAD_TOO_LARGE', 'too much') : undefined,
  );
  await expect(applyInParts(broken, documents, options)).rejects.toThrow(
    'PAYLOAD_TOO_LARGE: too much; 900 of 1500 documents stand as of revision 30',
  );
});

it('apply in parts - a set that one request does not hold is refused before anything is asked', async () => {
  const request = { set: 'platform', prune: true };
  const documents = Array.from({ length: 901 }, (_, n) => policy(`p${n}`, 's'));
  for (const dryRun of [true, false]) {
    const none = admin();
    const refused = applyInParts(none, documents, { ...options, dryRun, request });
    await expect(refused).rejects.toThrow(
      'set platform would have 901 documents that take 2 requests; a set has to fit one: at most 900 documents and ' +
        '900000 bytes of JSON. Divide it into several sets',
    );
    await expect(refused).rejects.toBeInstanceOf(CommandFailure);
    expect(none.requests).toEqual([]);
  }
  const large = Array.from({ length: 5 }, (_, n) => ({
    ...policy(`p${n}`, 's'),
    reason: 'x'.repeat(200_000),
  }));
  await expect(applyInParts(admin(), large, { ...options, request })).rejects.toThrow(
    'set platform would have 5 documents that take 2 requests',
  );
  const one = admin();
  await applyInParts(one, documents.slice(1), { ...options, request });
  expect(one.requests.map(({ documents: some, dryRun, more }) => [some.length, dryRun, more])).toEqual([
    [900, false, request],
  ]);
});

it('apply in parts - what is pruned comes after all that was written', async () => {
  const documents = Array.from({ length: 900 }, (_, n) => policy(`p${n}`, `s${n % 2}`));
  const gone = ['a', 'b'].map((name) => ({ kind: 'policy', name, change: 'deleted' as const }));
  const request = { set: 'platform', prune: true };
  const reply = await applyInParts(admin(undefined, gone), documents, { ...options, request });
  expect(reply.changes.map(({ name }) => name)).toEqual([...documents.map(({ name }) => name), 'a', 'b']);
  expect(reply.changes.slice(-2)).toEqual(gone);
});
