import type { Random } from '@causeway/protocol';
import { type RunningServer, type ServerExit, type StartOptions, startNatsServer } from './server.ts';

/** What a supervisor reports. */
export type SupervisorEvent =
  | { readonly kind: 'started'; readonly pid: number; readonly restarts: number }
  | { readonly kind: 'exited'; readonly exit: ServerExit; readonly retryIn: number }
  | { readonly kind: 'failed'; readonly error: Error; readonly retryIn: number };

/** What it takes to keep a server up. */
export interface SuperviseOptions extends StartOptions {
  readonly random: Random;
  /** Told of each start, unexpected end and failed start; `log` says the same. */
  readonly onEvent?: (event: SupervisorEvent) => void;
  /**
   * A server that ends is started again at once; when it ends again soon, after so many milliseconds, doubled with each
   * time that follows. Default 100.
   */
  readonly minDelay?: number;
  /** The longest delay. Default 5 000. A server that stayed up for longer than this starts the row again. */
  readonly maxDelay?: number;
}

/** A server that is started again whenever it ends. */
export interface SupervisedServer {
  /** The server as it runs now; undefined between an end and the next start. */
  current(): RunningServer | undefined;
  /** Ends it for good. */
  stop(limit?: number): Promise<void>;
}

/**
 * Starts a server and keeps it up, on the same ports and folder, until `stop`. Rejects where the first start
 * fails: what is wrong then is the configuration, and trying again would hide it.
 */
export async function superviseServer(options: SuperviseOptions): Promise<SupervisedServer> {
  const { clock, random, log } = options;
  const minDelay = options.minDelay ?? 100;
  const maxDelay = options.maxDelay ?? 5_000;
  let server: RunningServer | undefined;
  let starting: Promise<void> | undefined;
  let stopped = false;
  let restarts = 0;
  let failures = 0;
  let cancelRetry = () => {};

  function report(event: SupervisorEvent): void {
    if (event.kind === 'started')
      log.info({ pid: event.pid, restarts: event.restarts }, 'nats-server started');
    else if (event.kind === 'exited') log.warn(event, 'nats-server ended unexpectedly');
    else log.error({ err: event.error, retryIn: event.retryIn }, 'nats-server could not be started');
    options.onEvent?.(event);
  }

  /** Milliseconds until the next start, which is thereby set. */
  function retry(): number {
    const ceiling = failures === 0 ? 0 : Math.min(maxDelay, minDelay * 2 ** Math.min(failures - 1, 20));
    const delay = ceiling * (0.5 + random.fraction() / 2);
    failures += 1;
    cancelRetry = clock.after(delay, () => {
      starting = start().catch((error: unknown) => {
        if (!stopped) report({ kind: 'failed', error: error as Error, retryIn: retry() });
      });
    });
    return delay;
  }

  async function start(): Promise<void> {
    const next = await startNatsServer(options);
    if (stopped) {
      await next.stop();
      return;
    }
    const since = clock.monotonic();
    server = next;
    void next.exited.then((exit) => {
      server = undefined;
      if (stopped) return;
      if (clock.monotonic() - since > maxDelay) failures = 0;
      restarts += 1;
      report({ kind: 'exited', exit, retryIn: retry() });
    });
    report({ kind: 'started', pid: next.pid, restarts });
  }

  await start();
  return {
    current: () => server,
    async stop(limit) {
      stopped = true;
      cancelRetry();
      await starting;
      await server?.stop(limit);
    },
  };
}
