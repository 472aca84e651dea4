import { messageBytes } from '@causeway/protocol';
import type { Msg } from 'nats';

/** Messages that came and are not handled yet: so many, and no more. */
export interface Intake {
  /** Takes it in; false where there is no room. */
  put(message: Msg): boolean;
  /** The oldest. */
  take(): Msg | undefined;
  clear(): void;
}

/** Creates it, with room for so many messages and so many bytes of them. */
export function createIntake(room: { readonly messages: number; readonly bytes: number }): Intake {
  const queue: Msg[] = [];
  let bytes = 0;
  return {
    put(message) {
      const size = messageBytes(message);
      if (queue.length >= room.messages || bytes + size > room.bytes) return false;
      queue.push(message);
      bytes += size;
      return true;
    },
    take() {
      const message = queue.shift();
      if (message) bytes -= messageBytes(message);
      return message;
    },
    clear() {
      queue.length = 0;
      bytes = 0;
    },
  };
}
