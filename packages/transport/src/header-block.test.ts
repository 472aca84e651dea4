import { MsgHdrsImpl } from 'nats';
import { describe, expect, it } from 'vitest';
import { headerBlock, headerBytes } from './header-block.ts';

type Encodable = { encode(): Uint8Array };

describe('header block', () => {
  it('header block - is read as written, and is as long as said', () => {
    const fields = [
      ['Causeway-Call', 'abc-1'],
      ['Nats-Service-Error', 'DENIED: für dich nicht'],
    ] as const;
    const bytes = (headerBlock(fields) as unknown as Encodable).encode();
    const read = MsgHdrsImpl.decode(bytes);
    for (const [name, value] of fields) expect(read.get(name)).toBe(value);
    expect(bytes).toHaveLength(headerBytes(fields));
  });

  it('header block - lets no value smuggle in a header', () => {
    for (const value of ['a\r\nNats-Trace-Dest: x', 'a\nb', 'a\r']) {
      expect(() => headerBlock([['traceparent', value]])).toThrow(RangeError);
    }
  });
});
