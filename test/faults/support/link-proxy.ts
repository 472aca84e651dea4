import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { until } from '../../support/until.ts';
import { killOnce } from './hold-down.ts';

/** The wire between an edge and the hub, in a test's hands. */
export interface LinkProxy {
  /** Connections that go through it now. */
  readonly links: number;
  /** Holds back every byte, both ways, without closing anything. */
  stall(): void;
  /** Closes every link and accepts no other. */
  cut(): void;
  /** Lets everything through again, what was held back first. */
  resume(): void;
  close(): Promise<void>;
}

/** Puts a proxy between an edge and the hub: rewrites the edge's remotes and has its server start again with them. */
export async function proxyLink(dir: string, site: string): Promise<LinkProxy> {
  const file = path.join(fabricLayout(dir).site(site).nats, 'remotes.conf');
  const text = await readFile(file, 'utf8');
  const [, host = '', port = ''] = /tls:\/\/([^:"]+):(\d+)/.exec(text) ?? [];
  if (!port) throw new Error(`no remote in ${file}`);
  const proxy = await startProxy(host, Number(port));
  await writeFile(file, text.replaceAll(`${host}:${port}`, `127.0.0.1:${proxy.port}`));
  await killOnce(dir, `server ${site}`);
  await until(`the links of ${site} go through the proxy`, () => proxy.links >= 2, { timeout: 20_000 });
  return proxy;
}

/** Starts a proxy to a port, on a port that the system chose. */
export async function startProxy(host: string, port: number): Promise<LinkProxy & { readonly port: number }> {
  const pairs = new Set<readonly [net.Socket, net.Socket]>();
  let state: 'open' | 'stalled' | 'cut' = 'open';

  const server = net.createServer({ pauseOnConnect: true }, (near) => {
    if (state === 'cut') {
      near.destroy();
      return;
    }
    const far = net.connect(port, host);
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('error', end).on('close', end);
      from.pipe(to);
    }
    if (state === 'stalled') hold(pair);
  });
  const hold = (pair: readonly [net.Socket, net.Socket]) => {
    for (const socket of pair) socket.pause();
    pair[0].unpipe(pair[1]);
    pair[1].unpipe(pair[0]);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as net.AddressInfo).port,
    get links() {
      return pairs.size;
    },
    stall() {
      state = 'stalled';
      for (const pair of pairs) hold(pair);
    },
    cut() {
      state = 'cut';
      for (const pair of [...pairs]) for (const socket of pair) socket.destroy();
    },
    resume() {
      if (state === 'stalled') {
        for (const [near, far] of pairs) {
          near.pipe(far);
          far.pipe(near);
        }
      }
      state = 'open';
    },
    async close() {
      for (const pair of [...pairs]) for (const socket of pair) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
