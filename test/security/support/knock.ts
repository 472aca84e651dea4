import { connect } from 'node:tls';
import { systemClock } from '@causeway/transport';
import { fromSeed } from 'nkeys.js';

/** A server that neither lets in nor turns away in this time, in ms, is at fault. */
const patienceMs = 10_000;

/** What lets somebody in: a JWT, and the seed of its key where it is not a bearer's. */
export interface Pass {
  readonly jwt: string;
  readonly seed?: string;
}

/** A door: TLS comes first, as everywhere in a fabric. */
export interface Door {
  readonly host: string;
  readonly port: number;
  /** PEM text. */
  readonly ca: string;
  /** Which listener it is, since a leaf node greets with other words. */
  readonly kind: 'client' | 'leaf';
}

function signature(seed: string, nonce: string): string {
  return Buffer.from(fromSeed(new TextEncoder().encode(seed)).sign(new TextEncoder().encode(nonce))).toString(
    'base64url',
  );
}

/**
 * Says CONNECT and PING at a door, in the protocol's own words, so that the server's verdict is read as it is.
 * Resolves with `in`, or with what the server said, or `closed` where it said nothing.
 */
export async function knock(door: Door, pass: Pass): Promise<string> {
  const socket = connect({ host: door.host, port: door.port, ca: door.ca });
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.on('error', () => {});
  const verdict = Promise.withResolvers<string>();
  let text = '';
  let greeted = false;
  socket.on('data', (data) => {
    text += data.toString('latin1');
    const greeting = /^INFO (\{.*\})\s*\r\n/.exec(text);
    if (!greeted && greeting) {
      greeted = true;
      text = text.slice(greeting[0].length);
      const { nonce } = JSON.parse(greeting[1] as string) as { nonce: string };
      const hello = {
        jwt: pass.jwt,
        ...(pass.seed === undefined ? {} : { sig: signature(pass.seed, nonce) }),
        name: 'matrix',
        // A leaf node has no language; a client that has one is turned away for that alone.
        ...(door.kind === 'client' ? { lang: 'node' } : {}),
        version: '2.15.2',
        protocol: 1,
        verbose: false,
        pedantic: false,
        headers: true,
      };
      socket.write(`CONNECT ${JSON.stringify(hello)}\r\nPING\r\n`);
      return;
    }
    const refusal = /-ERR '([^']*)'/.exec(text);
    if (refusal) verdict.resolve(refusal[1] as string);
    else if (/^PONG\r\n/m.test(text)) verdict.resolve('in');
  });
  closed.then(() => verdict.resolve(text === '' ? 'closed' : text));
  const cancel = systemClock.after(patienceMs, () => verdict.resolve(`silent after ${JSON.stringify(text)}`));
  const result = await verdict.promise;
  cancel();
  socket.destroy();
  await closed;
  return result;
}
