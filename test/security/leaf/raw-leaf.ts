import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createSigner, readCreds } from '@causeway/transport';

/** A message that a leaf link brought. */
export interface Heard {
  readonly subject: string;
  readonly reply: string | undefined;
  readonly body: string;
}

/** Interest that the hub told a leaf of. */
export interface Interest {
  readonly subject: string;
  readonly queue: string | undefined;
}

/** What is put on the wire besides subject and body. */
export interface RawPublish {
  readonly reply?: string;
  readonly queues?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Status line of the headers, for control messages: `100 FlowControl Request`. */
  readonly status?: string;
}

/** How a raw leaf introduces itself; it may claim to be anyone. */
export interface RawLeafOptions {
  readonly host: string;
  readonly port: number;
  /** PEM text. */
  readonly ca: string;
  /** Path of real leaf credentials. */
  readonly creds: string;
  readonly name?: string;
  readonly cluster?: string;
  readonly domain?: string;
  readonly remoteAccount?: string;
  /** Claims to be the hub of the two, which makes the real one check other things. */
  readonly hub?: boolean;
}

/** A leaf link that speaks the protocol itself: no server of its own, so none that would obey the rules. */
export interface RawLeaf {
  readonly heard: readonly Heard[];
  /** All interest that the hub has told of, also what it took back since. */
  readonly interest: readonly Interest[];
  /** `-ERR` texts. */
  readonly errors: readonly string[];
  readonly closed: boolean;
  subscribe(subject: string, queue?: string, weight?: number): void;
  unsubscribe(subject: string, queue?: string): void;
  publish(subject: string, body: string, options?: RawPublish): void;
  /** Resolves with true when the hub has handled all that was sent, with false where it cut the link instead. */
  flush(): Promise<boolean>;
  close(): void;
}

const crlf = '\r\n';
const patienceMs = 10_000;

/**
 * Connects to a hub's leaf listener: TLS first, the nonce signed with the real key. Rejects with what the hub
 * says where it refuses. Written after `server/leafnode.go` and `server/parser.go` of nats-server 2.15.
 */
export function connectRawLeaf(options: RawLeafOptions): Promise<RawLeaf> {
  const heard: Heard[] = [];
  const interest: Interest[] = [];
  const errors: string[] = [];
  const pongs: ((alive: boolean) => void)[] = [];
  let closed = false;
  let buffer: Buffer = Buffer.alloc(0);
  let introduced = false;

  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: options.host, port: options.port, ca: options.ca });
    const timer = setTimeout(() => socket.destroy(new Error('the hub is silent')), patienceMs);
    const leaf = rawLeaf(socket);

    socket.on('error', (error) => {
      errors.push(error.message);
    });
    socket.on('close', () => {
      closed = true;
      clearTimeout(timer);
      for (const pong of pongs.splice(0)) pong(false);
      reject(new Error(`leaf refused: ${errors.join('; ') || 'closed without a word'}`));
    });
    socket.on('data', (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      while (takeOne()) {}
    });

    /** Takes one protocol line, with its payload, off the buffer; false where it is not whole yet. */
    function takeOne(): boolean {
      const end = buffer.indexOf(crlf);
      if (end < 0) return false;
      const line = buffer.toString('latin1', 0, end);
      const [verb = '', ...words] = line.split(' ');
      if (verb === 'LMSG' || verb === 'HMSG') {
        const size = Number(words.at(-1));
        const start = end + crlf.length;
        if (buffer.length < start + size + crlf.length) return false;
        const skip = verb === 'HMSG' ? Number(words.at(-2)) : 0;
        const indicated = words[1] === '+' || words[1] === '|';
        const plain = words.length > (verb === 'HMSG' ? 3 : 2) ? words[1] : undefined;
        heard.push({
          subject: words[0] ?? '',
          reply: words[1] === '+' ? words[2] : indicated ? undefined : plain,
          body: buffer.toString('utf8', start + skip, start + size),
        });
        buffer = buffer.subarray(start + size + crlf.length);
        return true;
      }
      buffer = buffer.subarray(end + crlf.length);
      if (verb === 'INFO' && !introduced) introduce(JSON.parse(line.slice(5)) as { nonce?: string });
      else if (verb === 'LS+') interest.push({ subject: words[0] ?? '', queue: words[1] });
      else if (verb === 'PING') socket.write(`PONG${crlf}`);
      else if (verb === 'PONG') pongs.shift()?.(true);
      else if (verb === '-ERR') errors.push(line.slice(5));
      return true;
    }

    function introduce(info: { nonce?: string }): void {
      introduced = true;
      const creds = readCreds(options.creds);
      const sig = createSigner(creds.seed).sign(Buffer.from(info.nonce ?? ''));
      const hello = {
        version: '2.15.2',
        jwt: creds.jwt,
        sig: Buffer.from(sig).toString('base64url'),
        server_id: 'RAW',
        name: options.name,
        cluster: options.cluster,
        domain: options.domain,
        remote_account: options.remoteAccount,
        is_hub: options.hub,
        headers: true,
        jetstream: true,
        protocol: 1,
        compress_mode: 'not supported',
      };
      socket.write(`CONNECT ${JSON.stringify(hello)}${crlf}`);
      void leaf.flush().then((alive) => {
        if (!alive) return;
        clearTimeout(timer);
        resolve(leaf);
      });
    }
  });

  function rawLeaf(socket: TLSSocket): RawLeaf {
    return {
      heard,
      interest,
      errors,
      get closed() {
        return closed;
      },
      subscribe(subject, queue, weight = 1) {
        socket.write(`LS+ ${subject}${queue === undefined ? '' : ` ${queue} ${weight}`}${crlf}`);
      },
      unsubscribe(subject, queue) {
        socket.write(`LS- ${subject}${queue === undefined ? '' : ` ${queue}`}${crlf}`);
      },
      publish(subject, body, publish = {}) {
        const { reply, queues, headers, status } = publish;
        const words = [subject];
        if (queues) words.push(reply === undefined ? '|' : '+');
        if (reply !== undefined) words.push(reply);
        words.push(...(queues ?? []));
        const payload = Buffer.from(body);
        if (!headers && status === undefined) {
          socket.write(
            Buffer.concat([
              Buffer.from(`LMSG ${words.join(' ')} ${payload.length}${crlf}`),
              payload,
              Buffer.from(crlf),
            ]),
          );
          return;
        }
        const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}${crlf}`);
        const block = Buffer.from(
          `NATS/1.0${status === undefined ? '' : ` ${status}`}${crlf}${lines.join('')}${crlf}`,
        );
        socket.write(
          Buffer.concat([
            Buffer.from(`HMSG ${words.join(' ')} ${block.length} ${block.length + payload.length}${crlf}`),
            block,
            payload,
            Buffer.from(crlf),
          ]),
        );
      },
      flush() {
        if (closed) return Promise.resolve(false);
        return new Promise((resolve) => {
          pongs.push(resolve);
          socket.write(`PING${crlf}`);
        });
      },
      close() {
        socket.destroy();
      },
    };
  }
}
