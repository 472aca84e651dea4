import { describe, expect, it } from 'vitest';
import { CausewayError } from './errors.ts';
import { encodeJson } from './json.ts';
import { readReply } from './reply.ts';

describe('reply', () => {
  it('reply - gives the message expected', () => {
    const reply = { revision: 3, time: 1_700_000_000_000 };
    expect(readReply('PublishReply', encodeJson(reply))).toEqual({ value: reply });
  });

  it('reply - throws the error that a refusal stands for', () => {
    const error = new CausewayError('CONFLICT', 'somebody was first', {
      pointer: '/documents/0',
      retryAfter: 7,
    });
    const read = () => readReply('PublishReply', encodeJson(error));
    expect(read).toThrow(
      expect.objectContaining({ code: 'CONFLICT', pointer: '/documents/0', retryAfter: 7 }),
    );
    expect(read).toThrow('somebody was first');
  });

  it('reply - names the fault of what is neither', () => {
    expect(readReply('PublishReply', encodeJson({ revision: 'three', time: 1 })).fault?.pointer).toBe(
      '/revision',
    );
    expect(readReply('PublishReply', new TextEncoder().encode('{')).fault?.problem).toMatch(/^is not JSON/);
    expect(readReply('PublishReply', Uint8Array.of(0xff)).fault?.problem).toMatch(/^is not JSON/);
    const made = { code: 'NO_SUCH_CODE', number: 400, reason: 'made up' };
    expect(readReply('PublishReply', encodeJson(made)).fault).toBeDefined();
  });
});
