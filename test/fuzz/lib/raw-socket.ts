import { connect, type TLSSocket } from 'node:tls';
import { systemClock } from '@causeway/transport';
import { fromSeed } from 'nkeys.js';

/** Whoever speaks the protocol of NATS by hand: his JWT and the seed of its key. */
export interface Speaker {
  readonly jwt: string;
  readonly seed: string;
}

/** A server's door for clients. */
export interface Door {
  readonly host: string;
  readonly port: number;
  /** PEM text. */
  readonly ca: string;
}

/** A message as it came, its headers as the bytes that they were. */
export interface RawMessage {
  readonly subject: string;
  readonly reply: string | undefined;
  /** With the line `NATS/1.0`; undefined where there were none. */
  readonly headers: Buffer | undefined;
  readonly body: Buffer;
}

/** A connection that sends whatever it is told, byte for byte: no client would send the half of it. */
export interface RawSocket {
  write(bytes: string | Uint8Array): void;
  /** PUB, or HPUB where there are headers: a block as it is to go out, well-formed or not. */
  publish(subject: string, body: Uint8Array, more?: { reply?: string; headers?: Uint8Array }): void;
  subscribe(subject: string): void;
  /** Resolves when the server has done all that was sent before; rejects where it closed. */
  flush(): Promise<void>;
  /** True once either side has closed. */
  readonly closed: boolean;
  readonly ended: Promise<void>;
  /** What the server said in -ERR, the newest last; at most a hundred. */
  readonly errors: readonly string[];
  close(): void;
}

const messageLine = /^(H?)MSG ([^ ]+) [^ ]+ (?:([^ ]+) )??(?:(\d+) )?(\d+)$/;
const patienceMs = 20_000;

/** Connects, says who it is and subscribes to nothing. Rejects where the server does not let it in. */
export async function openRawSocket(
  door: Door,
  speaker: Speaker,
  onMessage: (message: RawMessage) => void = () => {},
): Promise<RawSocket> {
  const socket: TLSSocket = connect({ host: door.host, port: door.port, ca: door.ca });
  const ended = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  const errors: string[] = [];
  const pongs: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const greeted = Promise.withResolvers<void>();
  let closed = false;
  let subscriptions = 0;
  let buffered: Buffer = Buffer.alloc(0);
  const write = (bytes: string | Uint8Array) => {
    if (!closed) socket.write(bytes);
  };

  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.once('close', () => {
    closed = true;
    const error = new Error(`the server closed the connection; it said: ${errors.join(' | ')}`);
    greeted.reject(error);
    for (const { reject } of pongs.splice(0)) reject(error);
  });
  socket.on('data', (data) => {
    buffered = buffered.length === 0 ? data : Buffer.concat([buffered, data]);
    let offset = 0;
    for (;;) {
      const end = buffered.indexOf('\r\n', offset);
      if (end < 0) break;
      const line = buffered.toString('latin1', offset, end);
      const match = messageLine.exec(line);
      if (match) {
        const [, withHeaders, subject = '', reply, headerText, totalText] = match;
        const total = Number(totalText);
        if (buffered.length < end + 4 + total) break;
        const payload = buffered.subarray(end + 2, end + 2 + total);
        offset = end + 4 + total;
        const split = withHeaders ? Number(headerText) : 0;
        // Copies: what is kept of them must not keep the whole packet.
        const headers = withHeaders ? Buffer.from(payload.subarray(0, split)) : undefined;
        onMessage({ subject, reply, headers, body: Buffer.from(payload.subarray(split)) });
        continue;
      }
      offset = end + 2;
      onLine(line);
    }
    buffered = offset === 0 ? buffered : Buffer.from(buffered.subarray(offset));
  });

  function onLine(line: string): void {
    if (line.startsWith('INFO ')) {
      const { nonce } = JSON.parse(line.slice(5)) as { nonce?: string };
      if (nonce !== undefined) {
        const sig = fromSeed(Buffer.from(speaker.seed)).sign(Buffer.from(nonce));
        const hello = { jwt: speaker.jwt, sig: Buffer.from(sig).toString('base64url'), ...helloFields };
        write(`CONNECT ${JSON.stringify(hello)}\r\nPING\r\n`);
        pongs.push({ resolve: greeted.resolve, reject: greeted.reject });
      }
    } else if (line === 'PING') write('PONG\r\n');
    else if (line === 'PONG') pongs.shift()?.resolve();
    else if (line.startsWith('-ERR')) {
      errors.push(line);
      if (errors.length > 100) errors.shift();
    }
  }

  const cancel = systemClock.after(patienceMs, () => socket.destroy());
  try {
    await greeted.promise;
  } finally {
    cancel();
  }
  return {
    write,
    publish(subject, body, { reply, headers } = {}) {
      const to = reply === undefined ? subject : `${subject} ${reply}`;
      const sizes = headers ? `${headers.length} ${headers.length + body.length}` : `${body.length}`;
      const parts = [`${headers ? 'HPUB' : 'PUB'} ${to} ${sizes}\r\n`, headers ?? '', body, '\r\n'];
      write(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))));
    },
    subscribe(subject) {
      subscriptions += 1;
      write(`SUB ${subject} ${subscriptions}\r\n`);
    },
    flush() {
      if (closed) return Promise.reject(new Error('the connection is closed'));
      const pong = Promise.withResolvers<void>();
      pongs.push(pong);
      write('PING\r\n');
      return pong.promise;
    },
    get closed() {
      return closed;
    },
    ended,
    errors,
    close() {
      closed = true;
      socket.destroy();
    },
  };
}

const helloFields = {
  lang: 'node',
  version: '3.4.0',
  name: 'fuzz',
  protocol: 1,
  verbose: false,
  pedantic: false,
  headers: true,
  no_responders: true,
};
