import { setTimeout as delay } from 'node:timers/promises';

/** How long to poll, and how often, in milliseconds. */
export interface UntilOptions {
  readonly timeout?: number;
  readonly every?: number;
}

/**
 * Polls until `condition` gives something truthy, and gives that back. A throw counts as "not yet".
 * Rejects after `timeout` (10 s unless told) with the condition's name and the last thing it gave or threw.
 */
export async function until<T>(
  name: string,
  condition: () => T | Promise<T>,
  { timeout = 10_000, every = 25 }: UntilOptions = {},
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const deadline = performance.now() + timeout;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | 0 | '' | null | undefined>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeout} ms in vain for: ${name} (last: ${describe(last)})`, { cause: last });
    }
    await delay(every);
  }
}

function describe(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
