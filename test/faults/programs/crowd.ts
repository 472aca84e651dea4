// Many clients of the SDK in one process. Ends with its parent.
import { type Causeway, connect } from '@causeway/sdk';
import { silent } from '../../support/silent-logger.ts';

interface Settings {
  readonly url: string;
  readonly ca: string;
  /** Paths of credentials; each is used by as many clients as the others. */
  readonly creds: readonly string[];
  readonly clients: number;
  readonly service: string;
}

const { url, ca, creds, clients, service } = JSON.parse(process.argv[2] ?? '{}') as Settings;
/** More TLS handshakes at once than this only wait for each other. */
const atOnce = 20;
const giveUpMs = 120_000;
process.on('disconnect', () => process.exit(0));

const crowd: Causeway[] = [];
let next = 0;
async function open(): Promise<void> {
  while (next < clients) {
    const file = creds[next++ % creds.length];
    if (file !== undefined)
      crowd.push(await connect({ url, ca, creds: file, logger: silent, waitOnFirstConnect: true }));
  }
}
await Promise.all(Array.from({ length: atOnce }, open));
await Promise.all(crowd.map((client) => call(client, 1)));

/** A guarded call, until one succeeds. */
async function call(client: Causeway, number: number): Promise<void> {
  const end = performance.now() + giveUpMs;
  for (;;) {
    try {
      await client.call({ service, major: 1, endpoint: 'add', site: undefined }, number, { timeout: 2_000 });
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** When a client is back, and when a call of its was admitted; wall clock, so that the parent can compare. */
async function comeBack(client: Causeway): Promise<{ connected: number; admitted: number }> {
  while (client.status().connected) await new Promise((resolve) => setTimeout(resolve, 5));
  while (!client.status().connected) await new Promise((resolve) => setTimeout(resolve, 5));
  const connected = Date.now();
  await call(client, 2);
  return { connected, admitted: Date.now() };
}

process.on('message', async () => {
  const back = Promise.all(crowd.map(comeBack));
  process.send?.('watching');
  const all = await back;
  process.send?.({
    connected: Math.max(...all.map((each) => each.connected)),
    admitted: Math.max(...all.map((each) => each.admitted)),
  });
});
process.send?.('ready');
