import type { MsgHdrs } from 'nats';

/** Replies that wait until their calls' records are stored (a policy's `audit: strict`). */
export interface HeldReplies {
  /** True while no more may wait: calls that would are refused, since this bound is the gateway's memory. */
  readonly full: boolean;
  /** Holds a copy of a reply; what it returns sends it. */
  hold(subject: string, body: Uint8Array, headers?: MsgHdrs): () => void;
}

const maxHeld = 10_000;
const maxHeldBytes = 64 * 1024 * 1024;

/** Creates the holder, empty. */
export function createHeldReplies(
  publish: (subject: string, body: Uint8Array, headers?: MsgHdrs) => void,
): HeldReplies {
  let count = 0;
  let bytes = 0;
  return {
    get full() {
      return count >= maxHeld || bytes >= maxHeldBytes;
    },
    hold(subject, body, headers) {
      // What came from the connection is a view of all that was read with it, and would keep that.
      const held = new Uint8Array(body);
      count += 1;
      bytes += held.length;
      return () => {
        count -= 1;
        bytes -= held.length;
        publish(subject, held, headers);
      };
    },
  };
}
