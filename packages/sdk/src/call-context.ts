import { type Clock, headers as names } from '@causeway/protocol';
import type { HubClock, MsgHdrs } from '@causeway/transport';
import type { CallContext } from './types.ts';

/** A call's context, and the end of its timer. */
export interface OpenContext {
  readonly context: CallContext;
  readonly deadline: number;
  close(): void;
}

/**
 * Reads what the gateway says about a call. The signal and its timer are made only for a handler that asks
 * for it, since most do not and they cost more than the rest of the call.
 */
export function openContext(
  endpoint: string,
  headers: MsgHdrs | undefined,
  hub: HubClock,
  clock: Clock,
): OpenContext {
  const [site = '', service = ''] = (headers?.get(names.caller) ?? '').split('.');
  const deadlineText = headers?.get(names.deadline) ?? '';
  const deadline = /^\d{1,15}$/.test(deadlineText) ? Number(deadlineText) : Number.POSITIVE_INFINITY;
  let controller: AbortController | undefined;
  let stop = () => {};

  function signal(): AbortSignal {
    if (controller) return controller.signal;
    const made = new AbortController();
    controller = made;
    const left = deadline - hub.now();
    const expire = () => made.abort(new DOMException('the call’s deadline has passed', 'TimeoutError'));
    // Beyond some 24 days Node's timers overflow, and nobody waits that long.
    if (left <= 0) expire();
    else if (left < 2 ** 31) stop = clock.after(left, expire);
    return made.signal;
  }

  return {
    deadline,
    context: {
      caller: { site, service },
      call: headers?.get(names.call) ?? '',
      endpoint,
      deadline,
      traceparent: headers?.get(names.traceparent) || undefined,
      get signal() {
        return signal();
      },
    },
    close: () => stop(),
  };
}
