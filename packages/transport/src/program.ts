import type { Logger } from '@causeway/protocol';

/** What a program does beside its work: how it ends, and what it tells. */
export interface ProgramParts {
  /** Ends what was started. */
  stop(): Promise<void>;
}

/**
 * Runs the work of a process until it is told to end: by SIGTERM, by SIGINT, or by the end of the parent that
 * started it with a channel. Such a parent is told `{ ready: true }` when `start` has resolved, or `{ failed }` with
 * the reason. The exit code is 0 after a clean stop, 1 where starting or stopping failed.
 */
export async function runProgram(logger: Logger, start: () => Promise<ProgramParts>): Promise<void> {
  // Whose parent is gone before it is ready must not stay behind.
  const leave = () => process.exit(1);
  process.on('disconnect', leave);
  if (process.send && !process.connected) leave();
  try {
    const parts = await start();
    let stopping = false;
    const stop = () => {
      if (stopping) return;
      stopping = true;
      parts.stop().then(
        () => process.exit(0),
        (err: unknown) => {
          logger.error({ err }, 'did not stop cleanly');
          process.exit(1);
        },
      );
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.off('disconnect', leave);
    process.on('disconnect', stop);
    logger.info({}, 'ready');
    tellParent({ ready: true });
  } catch (err) {
    logger.error({ err }, 'could not start');
    // Connections that are open already would keep the process.
    if (process.connected) process.send?.({ failed: (err as Error).message }, leave);
    else leave();
  }
}

/** Tells the parent that started this process with a channel; nothing where there is none. */
export function tellParent(message: object): void {
  if (process.connected) process.send?.(message);
}
