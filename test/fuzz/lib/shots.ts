import { sealBlock } from '@causeway/audit';
import { createKeys } from '@causeway/identity';
import { blockHeaders } from '@causeway/protocol';
import { createSigner, systemRandom } from '@causeway/transport';
import fc from 'fast-check';
import { anyBody, anyHeaders, anyJson, anyToken, mutatedTokens } from './arbitraries.ts';
import { adminSaying, gatewaySaying, type Saying, serviceSaying } from './documents.ts';

/** Where what is sent may be answered to: an inbox of the sender's own, another subject, nowhere. */
export type ReplyTo = 'own' | { readonly subject: string } | undefined;

/** One message as it will go out. */
export interface Publication {
  readonly subject: string;
  readonly reply: ReplyTo;
  readonly headers: Buffer | undefined;
  readonly body: Buffer;
}

/** What a hostile instance says when it is asked; `answer` is where it was asked to. */
export interface HostileReply {
  readonly to: 'answer' | string;
  readonly headers: Buffer | undefined;
  readonly body: Buffer;
}

/** Something to send, by the way it goes. */
export type Shot =
  | { readonly way: 'call' | 'desk' | 'control' | 'admin' | 'block'; readonly publication: Publication }
  | { readonly way: 'reply'; readonly replies: readonly HostileReply[] }
  | { readonly way: 'wire'; readonly site: string; readonly lines: readonly Buffer[] };

/** The ways there are, with what they are in words. */
export const ways: Readonly<Record<Shot['way'], string>> = {
  call: 'calls of a service: subject, reply subject, headers, body',
  desk: 'what a service says to its gateway: register, renew, withdraw, discover, noroute',
  control: 'what the gateway of a taken-over site says to the registry',
  admin: 'what an administrator says to the registry: manifests, policies, identities',
  block: 'blocks and counters that a taken-over site stores, for the cloud to collect',
  reply: 'answers of a hostile instance, none, one or several to a call',
  wire: 'lines that are no protocol of NATS, each on a connection of its own',
};

/** Subjects that a reply must never go to, whoever asks for it. */
const foreign = fc
  .oneof(
    fc.constantFrom(
      'serve.edge-a.victim.one.v1.say',
      'answer.edge-a.victim.gw-1.token',
      '_INBOX.edge-a.victim.connection.token',
      '_INBOX.edge-a.gateway.gw-1.token',
      '_INBOX.cloud.registry.x.y',
      'notify.edge-a.victim.published',
      'registry.edge-a.victim.withdraw',
      'call.edge-a.victim.any.echo.v1.say',
      'control.edge-a.renew',
      'control.cloud.renew',
      'admin.any.root.get',
      '$JS.API.STREAM.PURGE.AUDIT',
      '$SYS.REQ.CLAIMS.UPDATE',
      '_INBOX.edge-a.fuzz.>',
      '_INBOX.edge-a.fuzz.*.x',
      '_INBOX.edge-a.fuzz.a.b.c',
      '_INBOX.edge-a.fuzz.a',
      '_INBOX.edge-a.fuzz..x',
    ),
    mutatedTokens(fc.constant(['_INBOX', 'edge-a', 'fuzz', 'connection', 'token'])),
  )
  .map((subject) => (subject === '' ? 'x' : subject));

const replyTo: fc.Arbitrary<ReplyTo> = fc.oneof(
  { weight: 16, arbitrary: fc.constant<ReplyTo>('own') },
  { weight: 3, arbitrary: foreign.map((subject) => ({ subject })) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

function publications(subject: fc.Arbitrary<string>, body: fc.Arbitrary<Buffer>): fc.Arbitrary<Publication> {
  return fc.record({
    subject: subject.map((text) => text || 'x'),
    reply: replyTo,
    headers: anyHeaders,
    body,
  });
}

const callSubject = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom('edge-a', 'edge-a', 'cloud', 'any', 'edge-b', 'nowhere'),
        fc.oneof(
          { weight: 6, arbitrary: fc.constantFrom('echo', 'store') },
          { weight: 2, arbitrary: anyToken },
        ),
        fc.constantFrom('v1', 'v1', 'v1', 'v1', 'v1', 'v2', 'v0', 'v9999', 'v10000'),
        fc.oneof(
          { weight: 8, arbitrary: fc.constantFrom('say', 'typed', 'small', 'limited', 'secret') },
          { weight: 1, arbitrary: anyToken },
        ),
      )
      .map((rest) => ['call', 'edge-a', 'fuzz', ...rest].join('.')),
  },
  {
    weight: 2,
    arbitrary: mutatedTokens(fc.constant(['call', 'edge-a', 'fuzz', 'edge-a', 'echo', 'v1', 'say'])),
  },
);

const callBody = fc.oneof(
  { weight: 3, arbitrary: anyBody },
  {
    weight: 2,
    arbitrary: fc
      .record({ symbol: fc.string(), n: fc.integer() })
      .map((each) => Buffer.from(JSON.stringify(each))),
  },
);

/** A saying under its subject; now and then the subject is another. */
function said(prefix: readonly string[], saying: fc.Arbitrary<Saying>): fc.Arbitrary<Publication> {
  return fc
    .tuple(
      saying,
      fc.nat(19).chain((n) => (n === 0 ? mutatedTokens(fc.constant([...prefix, 'get'])) : fc.constant(''))),
      replyTo,
      anyHeaders,
    )
    .map(([{ op, body }, other, reply, headers]) => ({
      subject: other || [...prefix, op].join('.'),
      reply,
      headers,
      body: body.subarray(0, 1_000_000),
    }));
}

const hostileReply: fc.Arbitrary<HostileReply> = fc.record({
  to: fc.oneof(
    { weight: 8, arbitrary: fc.constant('answer') },
    { weight: 1, arbitrary: foreign },
    { weight: 1, arbitrary: anyToken.map((token) => `answer.edge-a.liar.gw-1.${token || 'x'}`) },
  ),
  headers: anyHeaders,
  body: anyBody,
});

const wireLine = fc.oneof(
  fc
    .constantFrom(
      'PUB',
      'PUB a b c d 5',
      'PUB call.edge-a.fuzz.any.echo.v1.say 99999999999999999999',
      'PUB call.edge-a.fuzz.any.echo.v1.say -1',
      'PUB call.edge-a.fuzz.any.echo.v1.say 2000000',
      'HPUB call.edge-a.fuzz.any.echo.v1.say 5 4',
      'HPUB call.edge-a.fuzz.any.echo.v1.say _INBOX.edge-a.fuzz.c.t 12 12\r\nNATS/1.0\r\n\r\n',
      'HPUB call.edge-a.fuzz.any.echo.v1.say _INBOX.edge-a.fuzz.c.t 12 12\r\nNATS/1.0\n\nxx',
      'SUB > 1',
      'SUB call.> q 1',
      'SUB _INBOX.edge-a.victim.> 1',
      'SUB serve.edge-a.victim.> victim 1',
      'UNSUB 99 -1',
      'MSG a 1 1\r\nx',
      'RS+ A b',
      'LS+ call.>',
      'RMSG A b 1',
      'CONNECT {}',
      'CONNECT {"jwt":"x"',
      'INFO {}',
      '+OK',
      '-ERR',
      'PING',
      'PONG',
      '',
    )
    .map((text) => Buffer.from(`${text}\r\n`)),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(`${text}\r\n`)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(2_000, 70_000).map((length) => Buffer.from(`PUB ${'x'.repeat(length)} 1\r\nx\r\n`)),
);

/** Makes all that is sent. `tenant` and the key are those of the fuzzer's own tenant and administrator. */
export function shotsOf(options: { tenant: string; siteService: string; key: string }): fc.Arbitrary<Shot> {
  const { tenant, siteService, key } = options;
  const way = <W extends Shot['way']>(name: W, made: fc.Arbitrary<Publication>) =>
    made.map((publication) => ({ way: name, publication }) as Shot);
  return fc.oneof(
    { weight: 470, arbitrary: way('call', publications(callSubject, callBody)) },
    { weight: 150, arbitrary: way('desk', said(['registry', 'edge-a', 'fuzz'], serviceSaying('fuzz'))) },
    {
      weight: 50,
      arbitrary: way('control', said(['control', 'edge-b'], gatewaySaying(tenant, siteService))),
    },
    { weight: 70, arbitrary: way('admin', said(['admin', tenant, 'amy'], adminSaying(tenant, key))) },
    { weight: 60, arbitrary: way('block', blocks(tenant)) },
    {
      weight: 196,
      arbitrary: fc.array(hostileReply, { maxLength: 3 }).map((replies): Shot => ({ way: 'reply', replies })),
    },
    {
      weight: 4,
      arbitrary: fc
        .record({
          site: fc.constantFrom('edge-a', 'cloud'),
          lines: fc.array(wireLine, { minLength: 1, maxLength: 8 }),
        })
        .map((made): Shot => ({ way: 'wire', ...made })),
    },
  );
}

/** What a taken-over site stores as records and counters: sealed by a key nobody knows, then changed, or made up. */
function blocks(tenant: string): fc.Arbitrary<Publication> {
  const signer = createSigner(createKeys('user', systemRandom).seed);
  const record = {
    call: 'forged',
    at: 1,
    tenant,
    from: { site: 'edge-a', service: 'fuzz' },
    to: { service: 'echo', major: 1, endpoint: 'say', requested: 'any' },
    site: 'edge-b',
    decision: 'allowed' as const,
    policy: null,
    code: 'OK',
    requestBytes: 1,
    replyBytes: 1,
    durationMicros: 1,
  };
  const draft = (seq: number) => ({
    tenant,
    site: 'edge-b',
    gateway: 'gw-9',
    class: 'access' as const,
    seq,
    prev: '0'.repeat(64),
  });
  const sealed = fc
    .tuple(
      fc.integer({ min: 1, max: 99 }),
      fc.option(fc.constantFrom(...Object.values(blockHeaders))),
      anyToken,
      fc.option(anyBody),
    )
    .map(([seq, header, value, body]): Publication => {
      const block = sealBlock({ ...draft(seq), records: [record] }, signer.sign);
      const fields = { ...block.headers, ...(header === null ? {} : { [header]: value }) };
      const lines = Object.entries(fields).map(([name, text]) => `${name}: ${text}\r\n`);
      const headers = Buffer.from(`NATS/1.0\r\n${lines.join('')}\r\n`);
      return { subject: block.subject, reply: undefined, headers, body: Buffer.from(body ?? block.body) };
    });
  const site = fc.constant('edge-b');
  const audit = mutatedTokens(
    fc.tuple(
      fc.constant('audit'),
      fc.constantFrom(tenant, 'acme', 'any'),
      site,
      fc.constant('gw-9'),
      fc.constant('access'),
    ),
  );
  const flow = mutatedTokens(
    fc.constantFrom(
      ['flow', 'edge-b', tenant, 'edge-a', 'fuzz', 'echo', 'v1', 'say', 'calls'],
      ['flow', 'edge-b', tenant, 'gateway', 'gw-9', 'blocks'],
    ),
  );
  // The real gateway of the site keeps a chain of its own, and an owner who writes into that ends it.
  const harmless = (subject: string) =>
    /^(?:audit\.[^.]+|flow)\.edge-b\./.test(subject) && !/\.gw-1\./.test(subject);
  const increment = fc
    .tuple(anyToken, fc.constantFrom('1', '+1', '-1', '0', '1e9', '99999999999999999999', 'x'))
    .map(([, by]) => Buffer.from(`NATS/1.0\r\nNats-Incr: ${by}\r\n\r\n`));
  // With a trace asked for, the message would not cross the link, and nothing that is behind it.
  const untraced = anyHeaders.filter((block) => !block?.includes('Nats-Trace-Dest'));
  return fc.oneof(
    { weight: 4, arbitrary: sealed },
    {
      weight: 3,
      arbitrary: fc.record({
        subject: audit.filter(harmless),
        reply: fc.constant(undefined),
        headers: untraced,
        body: fc.oneof(anyBody, anyJson),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        subject: flow.filter(harmless),
        reply: fc.constant(undefined),
        headers: increment,
        body: fc.constant(Buffer.alloc(0)),
      }),
    },
  );
}
