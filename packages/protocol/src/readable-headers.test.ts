import { describe, expect, it } from 'vitest';
import { type HeadedMessage, hasReadableHeaders, maxHeaderLines, messageBytes } from './readable-headers.ts';

const encoder = new TextEncoder();

/** A message as the client makes it: headers and body are parts of one buffer, somewhere in a larger one. */
function message(headers: string, body = '', subject = 'a.b', reply = ''): HeadedMessage & { read: number } {
  const before = '\n'.repeat(500);
  const bytes = encoder.encode(`${before}${headers}${body}`);
  const start = before.length + encoder.encode(headers).length;
  const made = {
    subject,
    reply,
    data: bytes.subarray(start),
    read: 0,
    get headers() {
      made.read += 1;
      if (headers.includes('malformed')) throw new Error('malformed');
      return {};
    },
    size: () => bytes.length - before.length + encoder.encode(subject + reply).length,
  };
  return made;
}

const block = (lines: number, line = 'A: b') => `NATS/1.0\r\n${`${line}\r\n`.repeat(lines)}\r\n`;

describe('readable headers', () => {
  it.each([
    ['none', '', 'x'.repeat(100_000)],
    ['a few', block(3), ''],
    ['a few before a long body', block(3), '\r\n'.repeat(100_000)],
    ['as many as may be', block(maxHeaderLines), 'x'],
    ['few and long', block(10, `A: ${'b'.repeat(1_500)}`), 'x'],
  ])('readable headers - %s are', (_, headers, body) => {
    expect(hasReadableHeaders(message(headers, body))).toBe(true);
  });

  it.each([
    ['one too many', block(maxHeaderLines + 1), 'x'],
    ['one too many without a body', block(maxHeaderLines + 1), ''],
    ['very many and short', block(3_000, 'a:'), ''],
    ['more than 16 KiB', block(1, `A: ${'b'.repeat(17_000)}`), 'x'],
  ])('readable headers - %s are not, and nothing is decoded', (_, headers, body) => {
    const made = message(headers, body);
    expect(hasReadableHeaders(made)).toBe(false);
    expect(made.read).toBe(0);
  });

  it('readable headers - malformed ones are not; what is no message of the client’s has none', () => {
    expect(hasReadableHeaders(message('malformed'))).toBe(false);
    const stranger = { subject: 'a', data: new Uint8Array(0), headers: {} };
    expect(messageBytes(stranger)).toBe(Number.POSITIVE_INFINITY);
    expect(hasReadableHeaders(stranger)).toBe(false);
  });

  it('readable headers - a subject that is not ASCII hides none', () => {
    const subject = 'é'.repeat(400);
    expect(hasReadableHeaders(message(block(maxHeaderLines + 1), 'x', subject, subject))).toBe(false);
  });
});
