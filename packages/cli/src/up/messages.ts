import type { FabricSummary } from '@causeway/fabric';

/** What a detached `up` tells the process that started it, over the channel between them. */
export type DaemonMessage =
  | { readonly progress: string }
  | { readonly ready: FabricSummary }
  /** What to write on standard error, as it stands. */
  | { readonly failed: string };

/** The starting process, as the detached one sees it. */
export interface Parent {
  send(message: DaemonMessage): void;
  /** Tells it that all is ready, and lets go of it. */
  ready(summary: FabricSummary): Promise<void>;
}

/** Connects to the process that started this one. A parent that is gone hears nothing, and nothing comes of it. */
export function connectParent(): Parent {
  const send = (message: DaemonMessage) =>
    new Promise<void>((resolve) => {
      if (!process.connected || !process.send) resolve();
      else process.send(message, undefined, {}, () => resolve());
    });
  // Without this an error of the channel, such as a parent that was killed, would end the fabric.
  process.on('error', () => {});
  return {
    send: (message) => void send(message),
    async ready(summary) {
      await send({ ready: summary });
      if (process.connected) process.disconnect();
    },
  };
}
