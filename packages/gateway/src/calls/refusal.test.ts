import { check, decodeJson, type ErrorCode, errorTable } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRefusal } from './refusal.ts';

test.each(Object.keys(errorTable) as ErrorCode[])('refusal - %s goes out as headers and body', (code) => {
  const { body, headers } = encodeRefusal({ code, reason: 'because', retryAfter: 12, pointer: '/a' });
  const number = errorTable[code].number;
  expect(headers.get('Nats-Service-Error-Code')).toBe(String(number));
  expect(headers.get('Nats-Service-Error')).toBe(`${code}: because`);
  expect(decodeJson(body)).toEqual({ code, number, reason: 'because', retryAfter: 12, pointer: '/a' });
});

test('refusal - what is not said is not there', () => {
  const { body } = encodeRefusal({ code: 'DENIED', reason: 'no', retryAfter: undefined, pointer: undefined });
  expect(Object.keys(decodeJson(body) as object).sort()).toEqual(['code', 'number', 'reason']);
});

test('refusal - no reason can make a second header, nor one that cannot be encoded', () => {
  const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x\r\nNats-Msg-Id: 1\r\n\r\nbody'));
  fc.assert(
    fc.property(texts, (reason) => {
      const { body, headers } = encodeRefusal({ code: 'DENIED', reason });
      const value = headers.get('Nats-Service-Error');
      expect(value).toMatch(/^DENIED:[\x20-\x7e]*$/);
      expect(value.length).toBeLessThanOrEqual(300);
      expect(headers.keys()).toEqual(['Nats-Service-Error-Code', 'Nats-Service-Error']);
      expect(check('Refusal', decodeJson(body)).fault).toBeUndefined();
    }),
  );
});
