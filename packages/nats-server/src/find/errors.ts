import { NEEDED, PINNED_VERSION } from './version.ts';

/** Thrown when no usable nats-server could be found or installed. The message says what to do. */
export class NatsServerNotFoundError extends Error {
  readonly code = 'NATS_SERVER_NOT_FOUND';
  override readonly name = 'NatsServerNotFoundError';

  /** The program named by `CAUSEWAY_NATS_SERVER` cannot be used. */
  static asked(path: string, problem: string): NatsServerNotFoundError {
    return new NatsServerNotFoundError(
      `CAUSEWAY_NATS_SERVER names ${path}, which cannot be used: ${problem}.\n` +
        `Let it name a nats-server (${NEEDED}), or unset it and Causeway finds or installs one.`,
    );
  }

  /** No way worked; `problems` holds one reason for each way that was tried. */
  static noneOf(problems: readonly string[], cacheDir: string): NatsServerNotFoundError {
    return new NatsServerNotFoundError(
      [
        `No nats-server was found, and none could be installed: ${NEEDED}.`,
        'Looked at: CAUSEWAY_NATS_SERVER (not set), PATH (none that can be used), ' +
          `the cache in ${cacheDir}.`,
        ...problems.map((problem) => `Tried: ${problem}.`),
        'Ways out, any one will do:',
        `  - install nats-server ${PINNED_VERSION} (https://nats.io/download) and have it on PATH`,
        '  - set CAUSEWAY_NATS_SERVER to the path of one',
        '  - install Go (https://go.dev/dl) and have a network, then run the same command again',
      ].join('\n'),
    );
  }
}
