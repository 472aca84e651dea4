import { type Causeway, connect } from '@causeway/sdk';
import { createLogger, systemClock } from '@causeway/transport';
import { createReportedCalls, type ReportedCalls } from '../calls.ts';

/** What a service program is given. */
export interface ServiceProgram {
  /** Connects; without options, as CAUSEWAY_URL, CAUSEWAY_CREDS and CAUSEWAY_CA say. */
  connect(options?: { readonly creds?: string }): Promise<Causeway>;
  /** For calls of this identity; the demonstration hears of each. */
  callsOf(causeway: Causeway): ReportedCalls;
}

/**
 * Runs a service as a program of its own until it is told to end (SIGTERM, SIGINT, or the end of the parent that
 * started it), and then drains. A parent is told over the channel to it: `{ ready }` or `{ failed }`, and
 * `{ call }` for each call that the service made.
 */
export async function runProgram(
  name: string,
  main: (program: ServiceProgram) => Promise<void>,
): Promise<void> {
  const logger = createLogger({ component: name, level: 'info' });
  const connections: Causeway[] = [];
  const tell = (message: object) => {
    if (process.connected) process.send?.(message);
  };
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    Promise.all(connections.map((connection) => connection.drain())).then(
      () => process.exit(0),
      (err: unknown) => {
        logger.error({ err }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
  try {
    await main({
      async connect(options: { readonly creds?: string } = {}) {
        const causeway = await connect({ ...options, logger });
        connections.push(causeway);
        return causeway;
      },
      callsOf: ({ identity }) =>
        createReportedCalls({ from: identity, clock: systemClock, report: (call) => tell({ call }) }),
    });
    logger.info({}, 'serving');
    tell({ ready: true });
  } catch (err) {
    logger.error({ err }, 'could not start');
    tell({ failed: (err as Error).message });
    process.exitCode = 1;
    stopping = true;
    await Promise.all(connections.map((connection) => connection.close()));
    if (process.connected) process.disconnect();
  }
}
