import type { MsgHdrs } from 'nats';

/** Replies that wait until their calls' records are stored (a policy's `audit: strict`). */
export interface HeldReplies {
  /** True while no more may wait: calls that would are refused, since this bound is the gateway's memory. */
  readonly full: boolean;
  /** Holds a reply; what it returns sends it. */
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
      count += 1;
      bytes += body.length;
      return () => {
        count -= 1;
        bytes -= body.length;
        publish(subject, body, headers);
      };
    },
  };
}
