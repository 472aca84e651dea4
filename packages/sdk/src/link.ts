import { CausewayError, type Clock } from '@causeway/protocol';
import { within } from './sleep.ts';

/** What the link needs to know of a status event of the NATS connection. */
export interface LinkStatus {
  readonly type: string;
  readonly error?: Error;
}

/** Whether the connection to the site's server is up, and who wants to know. */
export interface Link {
  readonly up: boolean;
  /** Why the server does not let this client in; undefined while it does, or is just not there. */
  readonly refusal: CausewayError | undefined;
  onStatus(status: LinkStatus): void;
  /**
   * Calls back each time the connection is back; `refused` where the server did not let it in meanwhile, so that what
   * this service was allowed before may be gone. The returned function ends that.
   */
  onReconnect(listener: (refused: boolean) => void): () => void;
  /** Resolves when the connection is up, or after `ms` milliseconds, or when the signal is aborted. */
  untilUp(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A link that is up. */
export function createLink(clock: Clock): Link {
  const listeners = new Set<(refused: boolean) => void>();
  let refusal: CausewayError | undefined;
  let down: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  return {
    get up() {
      return down === undefined;
    },
    get refusal() {
      return refusal;
    },
    onStatus({ type, error }) {
      if (type === 'disconnect' && !down) {
        let end = () => {};
        const over = new Promise<void>((resolve) => {
          end = resolve;
        });
        down = { over, end };
      } else if (type === 'reconnect') {
        const refused = refusal !== undefined;
        refusal = undefined;
        down?.end();
        down = undefined;
        for (const listener of [...listeners]) listener(refused);
      } else if (
        error &&
        error.name !== 'PermissionViolationError' &&
        /authenticat|authoriz/i.test(error.message)
      ) {
        // The client's classes do not cover "User Authentication Revoked"; the text is the server's own.
        refusal = new CausewayError('REVOKED', `the server refuses the credentials: ${error.message}`);
      }
    },
    onReconnect(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async untilUp(ms, signal) {
      if (down) await within(clock, ms, down.over, signal);
    },
  };
}
