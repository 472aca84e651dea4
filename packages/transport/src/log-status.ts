import type { Logger } from '@causeway/protocol';
import { errors, type Status } from 'nats';

/** Writes a change of a connection to the log: what heals by itself as information, what does not as a warning. */
export function logStatus(logger: Logger, status: Status): void {
  switch (status.type) {
    case 'disconnect':
      logger.warn({ server: status.server }, 'disconnected; reconnecting');
      break;
    case 'reconnect':
      logger.info({ server: status.server }, 'reconnected');
      break;
    case 'reconnecting':
      logger.debug({}, 'trying to reconnect');
      break;
    case 'staleConnection':
      logger.warn({}, 'the server does not answer pings');
      break;
    case 'slowConsumer':
      logger.warn({ subject: status.sub.getSubject(), pending: status.pending }, 'slow consumer');
      break;
    case 'ldm':
      logger.info({ server: status.server }, 'the server is going to shut down');
      break;
    case 'error':
      logError(logger, status.error);
      break;
    case 'close':
      logger.info({}, 'connection closed');
      break;
  }
}

function logError(logger: Logger, err: Error): void {
  if (err instanceof errors.PermissionViolationError) {
    const { operation, subject } = err;
    logger.warn({ operation, subject }, 'the server refused this for want of permission');
    return;
  }
  logger.warn({ err }, 'the server reported an error');
}
