import fc from 'fast-check';

/** Stands in much of what the fuzzer sends, so that a witness can tell it from what others say. */
export const mark = 'fuzzmark';

/** Sites, services and operations that there are, that there are not, and that mean something else. */
export const someName = fc.constantFrom(
  'edge-a',
  'edge-b',
  'cloud',
  'any',
  'gateway',
  'registry',
  'fuzz',
  'victim',
  'echo',
  'liar',
  'admin',
  'sys',
  'gw-1',
  'nowhere',
  mark,
);

const evilTokens = [
  '',
  '*',
  '>',
  '$JS',
  '$SYS',
  '$KV',
  '_INBOX',
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(900),
  'UPPER',
  'é',
  '日本',
  '../..',
  '{{name()}}',
  '__proto__',
  'constructor',
  'toString',
  'v1',
  'v-1',
  'v01',
  'v10000',
  '%00',
  '\u{1F600}',
  '\u00ad',
];

/** Any text that may stand between two dots of a subject as far as the protocol goes. */
export const anyToken: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: someName },
  { weight: 2, arbitrary: fc.constantFrom(...evilTokens) },
  {
    weight: 2,
    // Neither spaces nor line ends: these are for the raw protocol, where they end a subject.
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll(/[\s\0]/gu, '_')),
  },
);

/** A list of tokens in which some were replaced, dropped, doubled or added. */
export function mutatedTokens(tokens: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> {
  return fc
    .tuple(
      tokens,
      fc.array(fc.tuple(fc.nat(8), fc.constantFrom('set', 'drop', 'add'), anyToken), { maxLength: 2 }),
    )
    .map(([list, changes]) => {
      const changed = [...list];
      for (const [index, how, token] of changes) {
        const at = index % (changed.length + 1);
        if (how === 'set' && at < changed.length) changed[at] = token;
        else if (how === 'drop') changed.splice(at, 1);
        else changed.splice(at, 0, token);
      }
      return changed.join('.');
    });
}

const headerNames = [
  'Causeway-Call',
  'Causeway-Deadline',
  'Causeway-Caller',
  'traceparent',
  'tracestate',
  'Nats-Trace-Dest',
  'Nats-Msg-Id',
  'Nats-Service-Error-Code',
  'Nats-Service-Error',
  'Nats-Expected-Stream',
  'Nats-Rollup',
  'Nats-TTL',
  'Nats-Incr',
  'Content-Type',
  '',
  'é',
  '__proto__',
];

const headerValue = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 40 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '',
      '0',
      '-1',
      '1e309',
      '99999999999999999999',
      'NaN',
      'sub',
      'all',
      '+1',
      '500',
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'ff-zz-zz-01',
      'x'.repeat(64),
      'x'.repeat(4096),
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);

const line = fc
  .tuple(fc.constantFrom(...headerNames), headerValue)
  .map(([name, value]) => `${name}: ${value}`);

/** Well-formed in shape at least: one header a line. */
const tidyHeaders = fc
  .array(
    line.map((text) => text.replaceAll(/[\r\n]/g, ' ')),
    { maxLength: 6 },
  )
  .map((lines) => Buffer.from(`NATS/1.0\r\n${lines.map((each) => `${each}\r\n`).join('')}\r\n`));

/** What no client writes: no version, other statuses, no colons, no end, bytes that are no text. */
const wildHeaders = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('NATS/1.0', 'NATS/1.0 503', 'NATS/1.0 100 Idle', 'NATS/2.0', 'nats', '', 'NATS/1.0 x'),
      fc.array(fc.oneof(line, fc.string({ unit: 'binary-ascii', maxLength: 20 })), { maxLength: 4 }),
      fc.constantFrom('\r\n\r\n', '\r\n', '\n\n', ''),
    )
    .map(([first, lines, end]) => Buffer.from(`${[first, ...lines].join('\r\n')}${end}`)),
  fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  // Many: a client that compares each with all before it takes its time.
  fc.constantFrom(100, 2_000).map((lines) => {
    const list = Array.from({ length: lines }, (_, at) => `h${at}: x\r\n`);
    return Buffer.from(`NATS/1.0\r\n${list.join('')}\r\n`);
  }),
);

/** A block of headers or none. */
export const anyHeaders: fc.Arbitrary<Buffer | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: tidyHeaders },
  { weight: 2, arbitrary: wildHeaders },
);

/** Stands for a schema nested so deep, until it is text. */
export const deep = (depth: number): string => `@deep ${depth}@`;

const text = (value: unknown) =>
  Buffer.from(
    (JSON.stringify(value) ?? 'null').replaceAll(/"@deep (\d+)@"/g, (_, depth: string) => {
      const levels = Number(depth);
      return `${'{"items":'.repeat(levels)}{}${'}'.repeat(levels)}`;
    }),
  );

/** JSON of any shape: the mark in it, dangerous keys, deep nests, long keys, large numbers. */
export const anyJson: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 4 }).map(text) },
  {
    weight: 3,
    arbitrary: fc
      .dictionary(fc.constantFrom('mark', '__proto__', 'symbol', 'a/b~c'), fc.constant(mark))
      .map(text),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        '{"__proto__":{"admin":true}}',
        '{"constructor":{"prototype":{"x":1}}}',
        '1e400',
        '-0',
        '"\\ud800"',
        '{"a":1,"a":2}',
        ' [ ] ',
        '[1,]',
        '\ufeff{}',
        'undefined',
      )
      .map((each) => Buffer.from(each)),
  },
);

const nested = fc
  .tuple(fc.constantFrom(200, 5_000, 60_000), fc.constantFrom('[', '{"a":'), fc.boolean())
  .map(([depth, open, closed]) => {
    const close = open === '[' ? ']' : '}';
    return Buffer.from(open.repeat(depth) + (closed ? `1${close.repeat(depth)}` : ''));
  });

const bulky = fc
  .tuple(
    fc.constantFrom(99, 100, 101, 4_000, 262_143, 262_145, 999_000),
    fc.constantFrom('"', ' ', '\\', 'é'),
  )
  .map(([size, fill]) => Buffer.from(`"${fill.repeat(size)}"`).subarray(0, 1_000_000));

/** Any bytes as the body of a message. */
export const anyBody: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 60, arbitrary: anyJson },
  { weight: 20, arbitrary: fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 8, arbitrary: fc.constant(Buffer.alloc(0)) },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: bulky },
);

/** What goes as JSON, with the mutations that JSON itself can have: cut off, doubled, a byte changed. */
export function asBytes(value: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> {
  return fc.oneof(
    { weight: 8, arbitrary: value.map(text) },
    {
      weight: 1,
      arbitrary: fc.tuple(value.map(text), fc.nat(200), fc.nat(255)).map(([bytes, at, byte]) => {
        const changed = Buffer.from(bytes);
        if (changed.length > 0) changed[at % changed.length] = byte;
        return changed;
      }),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(value.map(text), fc.nat(100)).map(([bytes, at]) => bytes.subarray(0, at)),
    },
    { weight: 1, arbitrary: anyBody },
  );
}

/** An object in which some fields were dropped, replaced by anything or added. */
export function mutatedObject(value: fc.Arbitrary<object>): fc.Arbitrary<unknown> {
  const changes = fc.array(
    fc.tuple(
      fc.nat(12),
      fc.constantFrom('set', 'drop', 'add'),
      fc.oneof(fc.jsonValue({ maxDepth: 2 }), anyToken),
    ),
    { maxLength: 2 },
  );
  return fc.oneof(
    { weight: 3, arbitrary: value },
    {
      weight: 4,
      arbitrary: fc.tuple(value, changes).map(([object, list]) => {
        const changed: Record<string, unknown> = { ...object };
        for (const [index, how, by] of list) {
          const keys = Object.keys(changed);
          const key = keys[index % Math.max(1, keys.length)];
          if (how === 'add') changed[typeof by === 'string' && by !== '' ? by : 'effct'] = by;
          else if (key !== undefined && how === 'drop') delete changed[key];
          else if (key !== undefined) changed[key] = by;
        }
        return changed;
      }),
    },
  );
}
