import { describe, expect, it } from 'vitest';
import { createReconnecting } from './reconnecting.ts';

/** Waits before so many dials on end, that all fail. */
function waits(
  dials: number,
  fraction: () => number,
  reconnecting = createReconnecting(random(fraction)),
): number[] {
  return Array.from({ length: dials }, () => {
    expect(reconnecting.options.reconnectToServer([], null)).toBeNull();
    return reconnecting.options.reconnectDelayHandler();
  });
}

const random = (fraction: () => number) => ({ bytes: (length: number) => new Uint8Array(length), fraction });

describe('reconnecting', () => {
  it('reconnecting - goes on for ever, whatever the server says', () => {
    const { options } = createReconnecting(random(() => 0));
    expect(options).toMatchObject({ maxReconnectAttempts: -1, ignoreAuthErrorAbort: true });
    const all = waits(5_000, () => 0.5);
    expect(Math.max(...all)).toBe(1_500);
    expect(all.slice(-1)).toEqual([1_500]);
  });

  it('reconnecting - waits grow from 50 ms to 2 s within ten seconds, and half of each is chance', () => {
    expect(waits(4, () => 1)).toEqual([50, 62.5, 78.125, 97.65625]);
    expect(waits(4, () => 0)).toEqual([25, 31.25, 39.0625, 48.828125]);
    const all = waits(20, () => 1);
    expect(all.slice(17)).toEqual([2_000, 2_000, 2_000]);
    let at = 0;
    const several = [0, 0.25, 0.5, 0.75];
    const jittered = waits(24, () => several[at++ % 4] ?? 0);
    expect(jittered.slice(20)).toEqual([1_000, 1_250, 1_500, 1_750]);
  });

  it('reconnecting - asking for the wait again does not make it longer', () => {
    const { options } = createReconnecting(random(() => 1));
    options.reconnectToServer([], null);
    expect([options.reconnectDelayHandler(), options.reconnectDelayHandler()]).toEqual([50, 50]);
  });

  it('reconnecting - once connected, it begins with small waits again', () => {
    const reconnecting = createReconnecting(random(() => 1));
    expect(waits(3, () => 1, reconnecting).at(-1)).toBe(78.125);
    reconnecting.connected();
    expect(waits(2, () => 1, reconnecting)).toEqual([50, 62.5]);
  });
});
