import { describe, expect, it } from 'vitest';
import { CausewayError } from './errors.ts';
import { createHandshake, oldestProtocol, protocolVersion, requireProtocol } from './handshake.ts';

const refusal = new CausewayError('INVALID_REQUEST', 'not that one', { pointer: '/protocol' });

describe('handshake', () => {
  it('handshake - this version and the one before are spoken, any other is refused with both named', () => {
    for (const version of [protocolVersion, oldestProtocol])
      requireProtocol(version, 'the service', 'the gateway');
    expect(oldestProtocol).toBe(protocolVersion - 1);
    for (const [version, older] of [
      [protocolVersion + 1, 'the gateway'],
      [oldestProtocol - 1, 'the service'],
    ] as const) {
      expect(() => requireProtocol(version, 'the service', 'the gateway')).toThrow(
        `the service speaks protocol ${version}, the gateway protocol ${protocolVersion} and ${oldestProtocol}; ` +
          `bring ${older} up to date`,
      );
    }
  });

  it('handshake - a peer that speaks the version before is spoken to so from then on', async () => {
    const said: number[] = [];
    const handshake = createHandshake();
    const send = async (version: number) => {
      said.push(version);
      if (version !== oldestProtocol) throw refusal;
      return 'heard';
    };
    expect(await handshake.speak(send)).toBe('heard');
    expect(await handshake.speak(send)).toBe('heard');
    expect(said).toEqual([protocolVersion, oldestProtocol, oldestProtocol]);
  });

  it('handshake - a peer that speaks neither is told so each time, and other refusals are not tried again', async () => {
    const handshake = createHandshake();
    await expect(handshake.speak(() => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(handshake.version).toBe(protocolVersion);
    let sent = 0;
    const denied = new CausewayError('DENIED', 'no');
    const send = () => {
      sent += 1;
      return Promise.reject(denied);
    };
    await expect(handshake.speak(send)).rejects.toBe(denied);
    expect(sent).toBe(1);
  });
});
