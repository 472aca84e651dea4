import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../test/support/manual-clock.ts';
import { silent } from '../../../test/support/silent-logger.ts';
import { createLink } from './link.ts';
import { createRegistration } from './registration.ts';

const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 1 };

describe('registration', () => {
  it('registration - after a cut it renews at once; who was refused meanwhile registers anew', async () => {
    const clock = manualClock();
    const link = createLink(clock);
    const asked: string[] = [];
    const registration = createRegistration({
      gateway: {
        ask: async (op) => {
          asked.push(op);
          return { lease: 9_000, revision: 1, time: 0 } as never;
        },
        tell: async () => {},
      },
      manifest: { kind: 'api', service: 'quotes', version: '1.0.0', endpoints: {} },
      instance: 'i1',
      health: undefined,
      link,
      clock,
      random,
      logger: silent,
    });
    await registration.registered;
    link.onStatus({ type: 'disconnect' });
    link.onStatus({ type: 'reconnect' });
    await clock.advance(1);
    expect(asked).toEqual(['register', 'renew']);
    link.onStatus({ type: 'disconnect' });
    link.onStatus({ type: 'error', error: new Error('User Authentication Revoked') });
    link.onStatus({ type: 'reconnect' });
    await clock.advance(1);
    expect(asked).toEqual(['register', 'renew', 'register']);
    await clock.advance(3_000);
    expect(asked.slice(3)).toEqual(['renew']);
    await registration.withdraw();
    expect(clock.timers).toBe(0);
  });
});
