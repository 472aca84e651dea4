import {
  type BeatReply,
  type BeatRequest,
  CausewayError,
  type Clock,
  type CompiledReply,
  type CompiledRequest,
  createHandshake,
  encodeJson,
  type Logger,
  type Manifest,
  type Messages,
  type RekeyRequest,
  readReply,
  type TenantKeys,
} from '@causeway/protocol';
import { type HubClock, MuxError, type ReplyMux } from '@causeway/transport';
import { createReceipts } from './receipts.ts';

/** The gateway's side of `control.<site>.>`. Rejects with UNREACHABLE where no registry answers. */
export interface ControlLink {
  /** Publishes a service's APIs; resolves with the revision that holds them. */
  publish(tenant: string, service: string, apis: readonly Manifest[]): Promise<number>;
  /** Tells the registry the keys that were made here for a tenant; resolves with the revision that has its users. */
  tenantKeys(tenant: string, keys: TenantKeys['keys']): Promise<number>;
  /** What changed for the site since a position in a bucket, as much of it as fits one reply. */
  compiled(since: Omit<CompiledRequest, 'gateway'>): Promise<CompiledReply>;
  /** How far the cloud has stored the site's records; undefined where it has not said. */
  readonly confirmed: BeatReply['confirmed'];
  /** Tells the registry of new keys that were made here, or that they are in use. */
  rekey(request: Omit<RekeyRequest, 'gateway'>): Promise<void>;
  /** Tells the registry that a revision is in force here, and which re-issued users are. */
  receipt(revision: number, users: readonly string[]): void;
  /** Starts the renewals, which also measure the clock's offset. */
  start(renewals: {
    /** What a renewal tells the registry, the memories only where it takes them. */
    readonly status: () => RenewalStatus;
    /** Told what each renewal is answered with. */
    readonly onReply: (reply: BeatReply) => void;
  }): void;
  close(): void;
}

/** What a gateway says of itself. */
interface RenewalStatus extends Omit<BeatRequest, 'protocol' | 'gateway' | 'memory' | 'serverMemory'> {
  readonly memory?: BeatRequest['memory'] | undefined;
  readonly serverMemory?: BeatRequest['serverMemory'] | undefined;
}

const beatEveryMs = 2_000;
const requestTimeoutMs = 3_000;

/** Creates the link; renewals begin with `start`, all else works at once. */
export function createControlLink(options: {
  site: string;
  gateway: string;
  mux: ReplyMux;
  hub: HubClock;
  clock: Clock;
  logger: Logger;
}): ControlLink {
  const { site, gateway, mux, hub, clock, logger } = options;
  const handshake = createHandshake();
  let confirmed: BeatReply['confirmed'];
  /** How the last renewal went, as far as it was logged: OK, or the code of what went wrong. */
  let logged: string | undefined;
  let stopBeat = () => {};
  /** Whether the registry takes memories: one of before would refuse a renewal with fields that it does not know. */
  let takesMemory = false;

  async function request<N extends 'PublishReply' | 'BeatReply' | 'CompiledReply' | 'RekeyReply'>(
    op: string,
    body: object,
    expected: N,
  ): Promise<Messages[N]> {
    const sent = clock.monotonic();
    const reply = await mux
      .request(`control.${site}.${op}`, encodeJson(body), { timeoutMs: requestTimeoutMs })
      .catch((cause: unknown) => {
        if (!(cause instanceof MuxError)) throw cause;
        throw new CausewayError('UNREACHABLE', `the registry cannot be reached from ${site}`, { cause });
      });
    const parsed = readReply(expected, reply.data);
    if (parsed.fault) throw new CausewayError('UNREACHABLE', `the registry answered with a bad ${expected}`);
    hub.observe({ sentMonotonic: sent, receivedMonotonic: clock.monotonic(), hubTime: parsed.value.time });
    return parsed.value;
  }

  const receipts = createReceipts({
    send: async (receipt) => void (await request('receipt', { gateway, ...receipt }, 'BeatReply')),
    clock,
    logger,
  });

  return {
    async publish(tenant, service, apis) {
      const { revision } = await handshake.speak((protocol) =>
        request('register', { protocol, gateway, tenant, service, apis }, 'PublishReply'),
      );
      return revision;
    },
    async tenantKeys(tenant, keys) {
      return (await request('tenant', { gateway, tenant, keys }, 'PublishReply')).revision;
    },
    receipt: receipts.add,
    compiled({ bucket, ...since }) {
      // A registry of protocol 1 knows of no buckets.
      const known = handshake.version < 2 || bucket === undefined ? {} : { bucket };
      return request('compiled', { gateway, ...since, ...known }, 'CompiledReply');
    },
    async rekey(keys) {
      await request('rekey', { gateway, ...keys }, 'RekeyReply');
    },
    get confirmed() {
      return confirmed;
    },
    start({ status, onReply }) {
      async function beat(): Promise<void> {
        try {
          const { memory, serverMemory, ...rest } = status();
          const memories = takesMemory ? { memory, serverMemory } : {};
          const reply = await handshake.speak((protocol) =>
            request('renew', { protocol, gateway, ...rest, ...memories }, 'BeatReply'),
          );
          takesMemory = reply.takes?.includes('memory') === true;
          confirmed = reply.confirmed ?? confirmed;
          onReply(reply);
          if (logged !== 'OK') logger.info({ site }, 'registry reached');
          logged = 'OK';
        } catch (err) {
          const { code } = CausewayError.from(err);
          // Perhaps one of before has taken its place.
          takesMemory = false;
          if (logged !== code) logger.warn({ err, site, code }, 'registry not reached, or it refused');
          logged = code;
        }
      }
      stopBeat = clock.every(beatEveryMs, () => void beat());
      void beat();
    },
    close() {
      receipts.close();
      stopBeat();
    },
  };
}
