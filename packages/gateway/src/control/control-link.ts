import {
  type BeatReply,
  type BeatRequest,
  CausewayError,
  type Clock,
  type CompiledReply,
  encodeJson,
  type Logger,
  type Manifest,
  type Messages,
  protocolVersion,
  type Receipt,
  readReply,
} from '@causeway/protocol';
import type { HubClock, ReplyMux } from '@causeway/transport';

/** The gateway's side of `control.<site>.>`. */
export interface ControlLink {
  /** Publishes a service's APIs; resolves with the revision that holds them. */
  publish(tenant: string, service: string, apis: readonly Manifest[]): Promise<number>;
  /** What changed for the site since a position, as much of it as fits one reply. */
  compiled(since: number): Promise<CompiledReply>;
  /** How far the cloud has stored the site's records; undefined where it has not said. */
  readonly confirmed: BeatReply['confirmed'];
  /** Tells the registry that a revision is in force here. */
  receipt(revision: number, users: readonly string[]): void;
  /** True while the registry answered the last renewal. */
  readonly connected: boolean;
  close(): void;
}

/** Beat of the renewals, which also measure the clock's offset. */
const beatEveryMs = 2_000;
const requestTimeoutMs = 3_000;
const firstRetryMs = 100;

/** Creates the link and starts the renewals. */
export function createControlLink(options: {
  site: string;
  gateway: string;
  mux: ReplyMux;
  hub: HubClock;
  clock: Clock;
  logger: Logger;
  /** What a renewal tells the registry. */
  status: () => Omit<BeatRequest, 'protocol' | 'gateway'>;
  /** Told, at each renewal, the last revision that concerns the site. */
  onRevision: (revision: number) => void;
}): ControlLink {
  const { site, gateway, mux, hub, clock, logger } = options;
  let connected = false;
  let confirmed: BeatReply['confirmed'];
  let closed = false;
  let receiptDue: Receipt | undefined;
  let sendingReceipt = false;

  async function request<N extends 'PublishReply' | 'BeatReply' | 'CompiledReply'>(
    op: string,
    body: object,
    expected: N,
  ): Promise<Messages[N]> {
    const sent = clock.monotonic();
    const reply = await mux.request(`control.${site}.${op}`, encodeJson(body), {
      timeoutMs: requestTimeoutMs,
    });
    const parsed = readReply(expected, reply.data);
    if (parsed.fault) throw new CausewayError('UNREACHABLE', `the registry answered with a bad ${expected}`);
    hub.observe({ sentMonotonic: sent, receivedMonotonic: clock.monotonic(), hubTime: parsed.value.time });
    return parsed.value;
  }

  async function beat(): Promise<void> {
    try {
      const body = { protocol: protocolVersion, gateway, ...options.status() };
      const reply = await request('renew', body, 'BeatReply');
      confirmed = reply.confirmed ?? confirmed;
      options.onRevision(reply.revision);
      if (!connected) logger.info({ site }, 'registry reached');
      connected = true;
    } catch (err) {
      if (connected) logger.warn({ err, site }, 'registry not reached');
      connected = false;
    }
  }

  /** Sends the newest receipt until the registry has it. */
  async function sendReceipts(): Promise<void> {
    sendingReceipt = true;
    for (let wait = firstRetryMs; receiptDue && !closed; wait = Math.min(2_000, wait * 2)) {
      const receipt: Receipt = receiptDue;
      try {
        await request('receipt', receipt, 'BeatReply');
        if (receiptDue === receipt) receiptDue = undefined;
        wait = firstRetryMs;
      } catch {
        await new Promise<void>((resolve) => clock.after(wait, resolve));
      }
    }
    sendingReceipt = false;
  }

  const stopBeat = clock.every(beatEveryMs, () => void beat());
  void beat();
  return {
    async publish(tenant, service, apis) {
      try {
        const body = { protocol: protocolVersion, gateway, tenant, service, apis };
        return (await request('register', body, 'PublishReply')).revision;
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === 'NO_ROUTE' || code === 'DEADLINE_EXCEEDED') {
          throw new CausewayError('UNREACHABLE', `the registry cannot be reached from ${site}`, {
            cause: error,
          });
        }
        throw error;
      }
    },
    receipt(revision, users) {
      const earlier = receiptDue?.users ?? [];
      receiptDue = { gateway, revision, users: [...new Set([...earlier, ...users])] };
      if (!sendingReceipt) void sendReceipts();
    },
    compiled: (since) => request('compiled', { gateway, since }, 'CompiledReply'),
    get confirmed() {
      return confirmed;
    },
    get connected() {
      return connected;
    },
    close() {
      closed = true;
      stopBeat();
    },
  };
}
