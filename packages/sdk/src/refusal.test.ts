import { CausewayError, encodeJson, headers as names } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { errorAnswer } from './answer.ts';
import { gatewayFault, refusalOf, resultOf } from './refusal.ts';

const reply = (body: unknown, number = '', text = '') => ({
  data: encodeJson(body),
  headers: { get: (name: string) => ({ [names.errorCode]: number, [names.error]: text })[name] ?? '' },
});

describe('refusal', () => {
  it('refusal - a reply without an error code is a result', () => {
    expect(refusalOf(reply({ code: 'DENIED' }))).toBeUndefined();
    expect(resultOf(reply({ code: 'DENIED' }))).toEqual({ code: 'DENIED' });
    expect(resultOf({ data: encodeJson(null) })).toBeNull();
  });

  it('refusal - keeps all that the body says', () => {
    const error = new CausewayError('RATE_LIMITED', 'slow down', { retryAfter: 12, pointer: '/a~1b' });
    expect(refusalOf(reply(error, '429'))?.toJSON()).toEqual(error.toJSON());
    expect(() => resultOf(reply(error, '429'))).toThrow('RATE_LIMITED: slow down');
  });

  it('refusal - makes the best of a code or a body that it does not know', () => {
    const newer = { code: 'TOO_HOT', number: 429, reason: 'cool down' };
    expect(refusalOf(reply(newer, '429'))).toMatchObject({ number: 429, reason: 'TOO_HOT: cool down' });
    expect(refusalOf(reply('?', '403', 'DENIED: no'))).toMatchObject({
      code: 'DENIED',
      reason: 'DENIED: no',
    });
    expect(refusalOf(reply('?', '999'))).toMatchObject({ code: 'SERVICE_ERROR', reason: 'error 999' });
  });

  it('refusal - a long reason is cut, and a header stays one line', () => {
    const { body, headers } = errorAnswer('SERVICE_ERROR', `a\r\nb${'x'.repeat(5_000)}`);
    expect(body.length).toBeLessThan(1_200);
    const text = new TextDecoder().decode((headers as unknown as { encode(): Uint8Array }).encode());
    expect(text.split('\r\n')).toHaveLength(5);
  });

  it('refusal - each way of getting no reply has its code', () => {
    const codes = (['no-responders', 'denied', 'timeout', 'closed', 'aborted'] as const).map(
      (fault) => gatewayFault(fault, 'edge-a', 'x').code,
    );
    expect(codes).toEqual(['UNREACHABLE', 'DENIED', 'DEADLINE_EXCEEDED', 'UNREACHABLE', 'UNREACHABLE']);
  });
});
