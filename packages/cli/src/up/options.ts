import type { GlobalOptions } from '../context.ts';
import type { Format } from '../output/format.ts';

/** Options of `causeway up`. */
export interface UpOptions extends GlobalOptions {
  readonly sites?: readonly string[];
  readonly tenant?: readonly string[];
  readonly newPorts?: true;
  readonly detach?: true;
  readonly demo?: true;
  readonly once?: true;
  /** Given by `--detach` to the process that it starts. */
  readonly daemon?: true;
  readonly output: Format;
}
