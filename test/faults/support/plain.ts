import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findNatsServer, freePorts, type RunningServer, startNatsServer } from '@causeway/nats-server';
import { systemClock } from '@causeway/transport';
import { connect, type NatsConnection } from 'nats';
import { silent } from '../../support/silent-logger.ts';
import { openTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { type LinkProxy, startProxy } from './link-proxy.ts';
import type { Lane } from './load.ts';

/** Milliseconds until a call is given up; the same for Causeway where both are compared. */
export const callTimeoutMs = 1_000;

/** Plain NATS, as it is without a setting: a hub, a leaf, and raw clients on both. */
export interface PlainNats extends AsyncDisposable {
  readonly link: LinkProxy;
  /** Each time that a service ran: when, and its caller's deadline; ms since the epoch. */
  readonly served: readonly { readonly at: number; readonly deadline: number }[];
  /** A raw `request()` over the leaf link, from the client at the hub to the service at the leaf, and back. */
  lanes(rate: number): Lane[];
  /** SIGKILL and, as soon as it is dead, a start on the same port. */
  restart(server: 'hub' | 'leaf'): Promise<void>;
  /** Resolves when calls succeed both ways. */
  healed(): Promise<void>;
}

/** Starts it: no TLS, no credentials, no JetStream; every time and back-off is the default of server or client. */
export async function startPlainNats(): Promise<PlainNats> {
  await using stack = new AsyncDisposableStack();
  const { path: binary } = await findNatsServer({});
  const folder = stack.use(await openTemporaryFolder('causeway-plain-'));
  const [hubPort = 0, hubLeafPort = 0, leafPort = 0] = await freePorts(3);
  const link = await startProxy('127.0.0.1', hubLeafPort);
  stack.defer(() => link.close());
  const configs = {
    // Without `no_advertise` the leaf would learn the hub's own port, and come back past the proxy.
    hub: `host: 127.0.0.1\nport: ${hubPort}\nleafnodes { host: 127.0.0.1, port: ${hubLeafPort}, no_advertise: true }\n`,
    leaf: `host: 127.0.0.1\nport: ${leafPort}\nleafnodes { remotes: [ { url: "nats-leaf://127.0.0.1:${link.port}" } ] }\n`,
  };
  const running = new Map<string, RunningServer>();
  stack.defer(async () => {
    for (const server of running.values()) await server.stop();
  });

  async function start(name: keyof typeof configs): Promise<void> {
    const at = path.join(folder.path, name);
    await mkdir(at, { recursive: true });
    await writeFile(path.join(at, 'server.conf'), configs[name]);
    const options = { binary, folder: at, config: 'server.conf', env: {}, log: silent, clock: systemClock };
    running.set(name, await startNatsServer(options));
  }
  await start('hub');
  await start('leaf');

  const served: { at: number; deadline: number }[] = [];
  async function client(port: number, serves: string): Promise<NatsConnection> {
    const connection = await connect({ servers: `127.0.0.1:${port}` });
    stack.defer(() => connection.close());
    connection.subscribe(serves, {
      callback: (_error, message) => {
        served.push({ at: Date.now(), deadline: message.json<{ deadline: number }>().deadline });
        message.respond(message.data);
      },
    });
    return connection;
  }
  const atHub = await client(hubPort, 'ledger');
  const atLeaf = await client(leafPort, 'tally');

  const lanes = (rate: number): Lane[] =>
    [
      { name: 'cloud to edge', from: atHub, subject: 'tally' },
      { name: 'edge to cloud', from: atLeaf, subject: 'ledger' },
    ].map(({ name, from, subject }) => ({
      name,
      rate,
      call: () => {
        const body = JSON.stringify({ deadline: Date.now() + callTimeoutMs });
        return from.request(subject, body, { timeout: callTimeoutMs });
      },
    }));

  async function healed(): Promise<void> {
    for (const { name, call } of lanes(0)) {
      await until(`a plain call ${name} succeeds`, () => call(1, ''), { timeout: 30_000 });
    }
  }
  await healed();

  const owned = stack.move();
  return {
    link,
    served,
    lanes,
    healed,
    async restart(name) {
      const server = running.get(name);
      server?.kill('SIGKILL');
      await server?.exited;
      await start(name);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
