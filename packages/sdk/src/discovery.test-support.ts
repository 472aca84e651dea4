import {
  CausewayError,
  type Clock,
  type DiscoveredApi,
  type DiscoverReply,
  encodeJson,
} from '@causeway/protocol';
import type { NatsConnection } from '@causeway/transport';
import type { Link } from './link.ts';
import type { SiteGateway } from './site-gateway.ts';

/** What one run of a gateway has. */
interface Table {
  revision: number;
  apis: DiscoveredApi[];
}

/**
 * A site as discovery sees it: a gateway that may be away, lag behind or lose what it says; a link that may be cut. The
 * lists are what the test says; how they are asked for is as at a gateway's desk.
 */
export interface ModelSite {
  readonly connection: NatsConnection;
  readonly gateway: SiteGateway;
  readonly link: Link;
  readonly table: Table;
  /** Requests that reached the gateway. */
  readonly asked: object[];
  /** Another list is in force; `told` where services hear of it. */
  put(apis: DiscoveredApi[], told: boolean, revision?: number): void;
  cut(): void;
  heal(): void;
  kill(): void;
  /** A new run, which tells every service what it sees. */
  start(): void;
  /** For so long, requests are answered by a replica that has not heard of the last change; then it tells of it, too. */
  lag(ms: number): void;
  /** False: a gateway of an earlier version, which does not name lists. */
  naming: boolean;
}

const timeoutMs = 2_000;
const travelMs = 5;

/** Creates a site where the gateway is up and sees nothing. */
export function modelSite(clock: Pick<Clock, 'after'>): ModelSite {
  let hear = (_event: string, _revision: number) => {};
  let connected = true;
  let up = true;
  let run = 1;
  let lagging = false;
  let before: Table = { revision: 1, apis: [] };
  const reconnected = new Set<(refused: boolean) => void>();

  const viewOf = (apis: DiscoveredApi[]) => Buffer.from(JSON.stringify(apis)).toString('base64url');

  function answer(body: { view?: string; since?: number }): DiscoverReply {
    const late = lagging;
    const { revision, apis } = late ? before : site.table;
    if (!site.naming) {
      if (body.view !== undefined) {
        throw new CausewayError('INVALID_REQUEST', 'is not a known field', { pointer: '/view' });
      }
      const unchanged = body.since === revision;
      return { revision, time: 1, unchanged, apis: unchanged ? [] : apis };
    }
    const view = viewOf(apis);
    const unchanged = body.view === view;
    const epoch = late ? 'replica' : `run-${run}`;
    return { revision, time: 1, unchanged, view, epoch, apis: unchanged ? [] : apis };
  }

  const away = () => new CausewayError('UNREACHABLE', 'no gateway answers');

  function ask(_op: string, body: object, _expected: string, signal?: AbortSignal): Promise<never> {
    return new Promise<object>((resolve, reject) => {
      const end = (settle: () => void) => {
        stop();
        signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const onAbort = () => end(() => reject(signal?.reason));
      const stop = clock.after(timeoutMs, () => end(() => reject(away())));
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
      if (!connected) return;
      clock.after(travelMs, () => {
        if (!connected) return;
        if (!up) return end(() => reject(away()));
        site.asked.push(body);
        let reply: object | CausewayError;
        try {
          reply = answer(body);
        } catch (error) {
          reply = error as CausewayError;
        }
        clock.after(travelMs, () => {
          if (!connected) return;
          end(() => (reply instanceof Error ? reject(reply) : resolve(structuredClone(reply))));
        });
      });
    }) as Promise<never>;
  }

  const tell = (event: string) => {
    if (connected && up) hear(event, site.table.revision);
  };

  const site: ModelSite = {
    connection: {
      subscribe(_pattern: string, { callback }: { callback: (error: null, message: object) => void }) {
        hear = (event, revision) =>
          callback(null, {
            subject: `notify.edge-a.desk.${event}`,
            data: encodeJson({ service: 'quotes', major: 1, revision }),
          });
        return { unsubscribe() {} };
      },
      isClosed: () => false,
    } as unknown as NatsConnection,
    gateway: { ask, tell: () => Promise.reject(away()) },
    link: {
      get up() {
        return connected;
      },
      refusal: undefined,
      onStatus() {},
      onReconnect(listener) {
        reconnected.add(listener);
        return () => reconnected.delete(listener);
      },
      untilUp: () => Promise.resolve(),
    },
    table: { revision: 1, apis: [] },
    asked: [],
    naming: true,
    put(apis, told, revision = site.table.revision + 1) {
      before = { ...site.table };
      Object.assign(site.table, { apis, revision });
      if (told) tell('changed');
    },
    cut() {
      connected = false;
    },
    heal() {
      if (connected) return;
      connected = true;
      for (const listener of [...reconnected]) listener(false);
    },
    kill() {
      up = false;
    },
    start() {
      if (up) return;
      up = true;
      run += 1;
      tell('published');
    },
    lag(ms) {
      lagging = true;
      clock.after(ms, () => {
        lagging = false;
        tell('changed');
      });
    },
  };
  return site;
}
