import type { Msg } from 'nats';
import { expect, it } from 'vitest';
import { createIntake } from './intake.ts';

const message = (bytes: number) => ({ size: () => bytes }) as unknown as Msg;

it('intake - holds so many messages and so many bytes, in order, and has room again for what was taken', () => {
  const intake = createIntake({ messages: 3, bytes: 100 });
  const [first, second] = [message(60), message(40)];
  expect([intake.put(first), intake.put(second), intake.put(message(1))]).toEqual([true, true, false]);
  expect(intake.take()).toBe(first);
  expect([intake.put(message(61)), intake.put(message(1)), intake.put(message(1))]).toEqual([
    false,
    true,
    true,
  ]);
  expect(intake.put(message(1))).toBe(false);
  expect(intake.take()).toBe(second);
  intake.clear();
  expect(intake.take()).toBeUndefined();
  expect(intake.put(message(100))).toBe(true);
});
