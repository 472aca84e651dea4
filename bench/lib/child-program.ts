import { readFile } from 'node:fs/promises';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import { type LoadOrder, runLoad } from './load.ts';

/** What every program of the benchmark is told on its command line. */
export interface ProgramSettings {
  readonly url: string;
  /** Path of its credentials. */
  readonly creds: string;
  /** Path of the CA's certificate. */
  readonly ca: string;
  /** Prefix of its own inbox. */
  readonly inboxPrefix: string;
  /** Subject of the calls that nobody guards. */
  readonly subject: string;
}

/** Milliseconds until a call is given up, the same for every case. */
export const callTimeoutMs = 10_000;

/** Runs a program until its parent ends it or is gone: `open` connects and gives what answers orders. */
export async function runProgram(
  open: (settings: ProgramSettings) => Promise<(order: object) => Promise<unknown>>,
): Promise<void> {
  const tell = (message: object) => void (process.connected && process.send?.(message));
  process.on('disconnect', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  // A terminal sends it to all processes; the parent says when to end.
  process.on('SIGINT', () => {});
  try {
    const obey = await open(JSON.parse(process.argv[2] ?? '{}') as ProgramSettings);
    process.on('message', (order: object) => {
      obey(order).then(
        (answer) => tell({ answer }),
        (error: unknown) => tell({ failed: String(error) }),
      );
    });
    tell({ ready: true });
  } catch (error) {
    tell({ failed: `${process.argv[1]}: ${(error as Error).message}` });
    process.disconnect();
  }
}

/** Runs a caller: `open` connects, makes one call that succeeds, and gives the call to be measured. */
export function runCaller(open: (settings: ProgramSettings) => Promise<() => Promise<void>>): Promise<void> {
  return runProgram(async (settings) => {
    const call = await open(settings);
    let ok = 0;
    async function counted(): Promise<void> {
      await call();
      ok += 1;
    }
    await untilOk(counted);
    return async (order) => ('count' in order ? { ok } : runLoad(counted, order as LoadOrder));
  });
}

/** Calls until a call succeeds: routes cross the leaf link a moment after a service is up. */
async function untilOk(call: () => Promise<void>): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Connects with the plain client and its own authenticator and transport: what anybody would have without Causeway. */
export async function connectPlain(settings: ProgramSettings): Promise<NatsConnection> {
  return connect({
    servers: settings.url,
    authenticator: credsAuthenticator(await readFile(settings.creds)),
    tls: { ca: await readFile(settings.ca, 'utf8'), handshakeFirst: true },
    inboxPrefix: settings.inboxPrefix,
  });
}
