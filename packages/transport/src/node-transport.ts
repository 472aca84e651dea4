import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ConnectionOptions } from 'nats';
import { NodeTransport } from 'nats/lib/node_transport.js';

/** Where a socket is to go; `tlsName` is the name that the server's certificate must bear. */
interface Target {
  readonly hostname: string;
  readonly port: number;
}

/**
 * The client's TCP transport, with four faults of its connecting mended (nats.js 3.4):
 *
 * - It takes all listeners off a socket more than once. An error that comes in between, such as EPIPE when
 *   the server refuses the user, ends the process as uncaught. Here one listener stays.
 * - A dial that times out leaves its socket open until the next dial.
 * - CONNECT and PING go out as two writes. A server that refuses the first closes; the second then fails with
 *   EPIPE and hides the refusal. Here they are one write, so that the refusal is read.
 * - A server that closes during the handshake rejects with `undefined`.
 */
export class SafeNodeTransport extends NodeTransport {
  #dialling: TLSSocket | undefined;
  #corked = false;

  override tlsFirst({ hostname, port }: Target): Promise<TLSSocket> {
    const ca = (this.options as ConnectionOptions).tls?.ca;
    return new Promise((resolve, reject) => {
      const socket = connectTls({
        host: hostname,
        port,
        servername: this.tlsName,
        ...(ca === undefined ? {} : { ca }),
      });
      keepErrorListener(socket);
      this.#dialling = socket;
      let failure: Error | undefined;
      socket.setNoDelay(true);
      socket.once('error', (error) => {
        failure = error;
      });
      socket.once('close', () => {
        reject(failure ?? new Error('the server closed the connection during the TLS handshake'));
      });
      socket.once('secureConnect', () => {
        socket.removeAllListeners();
        resolve(socket);
      });
    });
  }

  override async close(error?: Error): Promise<void> {
    if (!this.connected) {
      this.done = true;
      this.#dialling?.destroy();
    }
    await super.close(error);
  }

  override discard(): void {
    this.#dialling?.destroy();
    super.discard();
  }

  override send(frame: Uint8Array): void {
    if (!this.#corked && this.socket) {
      const { socket } = this;
      this.#corked = true;
      socket.cork();
      queueMicrotask(() => socket.uncork());
    }
    super.send(frame);
  }
}

function keepErrorListener(socket: TLSSocket): void {
  const ignore = () => {};
  const removeAll = socket.removeAllListeners.bind(socket);
  // Node counts the arguments: with an event that is undefined it would remove nothing.
  socket.removeAllListeners = (...events: [event?: string | symbol]) => {
    removeAll(...events);
    if (events.length === 0 || events[0] === 'error') socket.on('error', ignore);
    return socket;
  };
  socket.on('error', ignore);
}
