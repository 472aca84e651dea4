import { type Causeway, connect } from '@causeway/sdk';
import { createLogger, runProgram, systemClock, tellParent } from '@causeway/transport';
import { createReportedCalls, type ReportedCalls } from '../calls.ts';

/** What a service program is given. */
export interface ServiceProgram {
  /** Connects; without options, as CAUSEWAY_URL, CAUSEWAY_CREDS and CAUSEWAY_CA say. */
  connect(options?: { readonly creds?: string }): Promise<Causeway>;
  /** For calls of this identity; the demonstration hears of each. */
  callsOf(causeway: Causeway): ReportedCalls;
}

/**
 * Runs a service as a program of its own until it is told to end, and then drains (`runProgram`). A parent is also
 * told `{ call }` for each call that the service made.
 */
export async function runService(
  name: string,
  main: (program: ServiceProgram) => Promise<void>,
): Promise<void> {
  const logger = createLogger({ component: name, level: 'info' });
  const connections: Causeway[] = [];
  await runProgram(logger, async () => {
    await main({
      async connect(options: { readonly creds?: string } = {}) {
        const causeway = await connect({ ...options, logger });
        connections.push(causeway);
        return causeway;
      },
      callsOf: ({ identity }) =>
        createReportedCalls({ from: identity, clock: systemClock, report: (call) => tellParent({ call }) }),
    });
    return {
      async stop() {
        await Promise.all(connections.map((connection) => connection.drain()));
      },
    };
  });
}
