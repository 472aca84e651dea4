/** Why a nats-server did not come up. */
export type StartFault = 'EXITED' | 'PORT_IN_USE' | 'NOT_READY' | 'NOT_STARTED';

/** Thrown when a nats-server that was started did not become ready. The message holds its own last error. */
export class NatsServerStartError extends Error {
  override readonly name = 'NatsServerStartError';
  readonly code: StartFault;
  /** The port that another process holds, where that is the fault. */
  readonly port: number | undefined;

  constructor(code: StartFault, message: string, port?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.port = port;
  }

  /** The error for a server that ended before it was ready, from the error lines it wrote. */
  static exited(lines: readonly string[], how: string, folder: string): NatsServerStartError {
    const busy = lines.map((line) => /listen tcp \S*?:(\d+): bind: .*in use/i.exec(line)?.[1]).find(Boolean);
    if (busy !== undefined) {
      return new NatsServerStartError(
        'PORT_IN_USE',
        `nats-server in ${folder} cannot listen on port ${busy}: another process has it. Stop that one, or choose another port.`,
        Number(busy),
      );
    }
    const last = lines.at(-1) ?? 'it gave no reason';
    return new NatsServerStartError(
      'EXITED',
      `nats-server in ${folder} ended before it was ready (${how}): ${last}`,
    );
  }
}
