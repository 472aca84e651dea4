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
  type QuotaReply,
  type QuotaRequest,
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
  /** Asks for shares of quotas, or gives some back; it is not waited for long, since calls wait with it. */
  shares(asked: QuotaRequest['shares']): Promise<QuotaReply['shares']>;
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
  /** What a renewal tells has changed: renews at once, though not more often than four times a second. */
  renewSoon(): void;
  close(): void;
}

/** What a gateway says of itself; memories and instances are told to registries that take them. */
interface RenewalStatus extends Omit<BeatRequest, 'protocol' | 'gateway' | Extra> {
  readonly memory?: BeatRequest['memory'] | undefined;
  readonly serverMemory?: BeatRequest['serverMemory'] | undefined;
  readonly serving?: BeatRequest['serving'] | undefined;
}

/** What only a registry takes that says so. */
type Extra = 'memory' | 'serverMemory' | 'serving';

const beatEveryMs = 2_000;
/** The shortest time between two renewals, and after one that failed: so soon a link that is back is noticed. */
const beatSpacingMs = 250;
const requestTimeoutMs = 3_000;
const sharesTimeoutMs = 1_500;

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
  let renewSoon = () => {};
  /** What else the registry takes: one of before would refuse a renewal with fields that it does not know. */
  let takes: ReadonlySet<string> = new Set();

  async function request<
    N extends 'PublishReply' | 'BeatReply' | 'CompiledReply' | 'QuotaReply' | 'RekeyReply',
  >(op: string, body: object, expected: N, timeoutMs = requestTimeoutMs): Promise<Messages[N]> {
    const sent = clock.monotonic();
    const reply = await mux
      .request(`control.${site}.${op}`, encodeJson(body), { timeoutMs })
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
    async shares(asked) {
      const { shares } = await request('quota', { gateway, shares: asked }, 'QuotaReply', sharesTimeoutMs);
      return shares;
    },
    async rekey(keys) {
      await request('rekey', { gateway, ...keys }, 'RekeyReply');
    },
    get confirmed() {
      return confirmed;
    },
    start({ status, onReply }) {
      /** Renewals without an answer yet: one that a cut swallowed keeps none back that comes by the clock. */
      let underWay = 0;
      let again = false;
      let stopped = false;
      let lastBegun = Number.NEGATIVE_INFINITY;
      let cancelSoon: (() => void) | undefined;

      async function attempt(): Promise<void> {
        lastBegun = clock.monotonic();
        const { memory, serverMemory, serving, ...rest } = status();
        const extras = {
          ...(takes.has('memory') ? { memory, serverMemory } : {}),
          ...(takes.has('serving') ? { serving } : {}),
        };
        const reply = await handshake.speak((protocol) =>
          request('renew', { protocol, gateway, ...rest, ...extras }, 'BeatReply'),
        );
        const told = takes.has('serving');
        takes = new Set(reply.takes);
        // Instances wait for nothing: others are to know of them.
        if (!told && takes.has('serving') && serving) again = true;
        confirmed = reply.confirmed ?? confirmed;
        onReply(reply);
        if (logged !== 'OK') logger.info({ site }, 'registry reached');
        logged = 'OK';
      }

      async function beat(): Promise<void> {
        underWay += 1;
        again = false;
        try {
          await attempt();
        } catch (err) {
          const { code } = CausewayError.from(err);
          // Perhaps one of before has taken its place.
          takes = new Set();
          if (logged !== code) logger.warn({ err, site, code }, 'registry not reached, or it refused');
          logged = code;
          again = code === 'UNREACHABLE';
        } finally {
          underWay -= 1;
        }
        if (again && !stopped) soon();
      }

      function soon(): void {
        again = true;
        if (underWay > 0 || cancelSoon) return;
        const wait = Math.max(0, lastBegun + beatSpacingMs - clock.monotonic());
        cancelSoon = clock.after(wait, () => {
          cancelSoon = undefined;
          void beat();
        });
      }

      const stopEvery = clock.every(beatEveryMs, () => void beat());
      renewSoon = soon;
      stopBeat = () => {
        renewSoon = () => {};
        stopEvery();
        cancelSoon?.();
        stopped = true;
      };
      void beat();
    },
    renewSoon: () => renewSoon(),
    close() {
      receipts.close();
      stopBeat();
    },
  };
}
