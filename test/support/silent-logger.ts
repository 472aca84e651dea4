import type { Logger } from '@causeway/protocol';

/** A logger that writes nothing. */
export const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silent,
};
