import { expect, test } from 'vitest';
import { createHeldReplies } from './held-replies.ts';

test('held replies - each is sent once its turn comes, and its room is free again', () => {
  const sent: [string, Uint8Array][] = [];
  const held = createHeldReplies((subject, body) => sent.push([subject, body]));
  const large = new Uint8Array(64 * 1024 * 1024);
  const first = held.hold('a', large);
  expect([held.full, sent.length]).toEqual([true, 0]);
  first();
  expect([held.full, sent.length, sent[0]?.[0]]).toEqual([false, 1, 'a']);
  const many = Array.from({ length: 10_000 }, (_, at) => held.hold(`${at}`, new Uint8Array(1)));
  expect(held.full).toBe(true);
  many[0]?.();
  expect(held.full).toBe(false);
});

test('held replies - what was read from the connection together is not kept for one small reply', () => {
  let sent: Uint8Array | undefined;
  const held = createHeldReplies((_, body) => {
    sent = body;
  });
  const read = Buffer.from('MSG… 65,536 bytes of other calls … 42');
  held.hold('a', read.subarray(-2))();
  expect(Buffer.from(sent ?? []).toString()).toBe('42');
  expect(sent?.buffer.byteLength).toBe(2);
});
