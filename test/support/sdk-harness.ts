import type { CausewayError, DiscoveredApi } from '@causeway/protocol';
import {
  type CallContext,
  type Causeway,
  type Client,
  type ConnectOptions,
  connect,
  type ManifestOf,
  type Serving,
} from '@causeway/sdk';
import type { NatsConnection } from 'nats';
import { afterEach, beforeEach, expect } from 'vitest';
import { ports, type SdkServer, startSdkServer } from './sdk-server.ts';
import { type StandInGateway, standInGateway } from './stand-in-gateway.ts';

/** The API that the tests of the SDK serve. */
export const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.2.0',
  endpoints: {
    latest: {
      request: {
        type: 'object',
        properties: { symbol: { type: 'string' } },
        required: ['symbol'],
        additionalProperties: false,
      },
      reply: { type: 'object', properties: { price: { type: 'number' } }, required: ['price'] },
    },
    anything: { request: true, reply: true },
  },
} as const satisfies ManifestOf;

/** The same as discovery lists it. */
export const listed: DiscoveredApi = {
  service: 'quotes',
  major: 1,
  version: '1.2.0',
  sites: ['edge-a'],
  endpoints: { latest: { request: true, reply: true } },
};

/** What each test of the SDK has: a server, a gateway's stand-in on it, and ways to join. */
export interface SdkHarness {
  readonly server: SdkServer;
  readonly backbone: NatsConnection;
  readonly gateway: StandInGateway;
  /** Connections of the SDK made so far; closed after the test. */
  readonly opened: readonly Causeway[];
  join(service: string, options?: Partial<ConnectOptions>): Promise<Causeway>;
  /** Serves the API as `quotes`. */
  serveEcho(seen?: (context: CallContext) => void): Promise<{ causeway: Causeway; serving: Serving }>;
}

/** Registers the hooks that give each test a new harness. */
export function useSdkHarness(): SdkHarness {
  let server: SdkServer;
  let backbone: NatsConnection;
  let gateway: StandInGateway;
  let opened: Causeway[] = [];

  beforeEach(async () => {
    server = await startSdkServer('max_payload: 65536');
    backbone = await server.connect('_INBOX.gateway');
    gateway = await standInGateway(backbone, 'edge-a', 600);
  });
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    opened = [];
    await server.dispose();
  });

  async function join(service: string, options: Partial<ConnectOptions> = {}): Promise<Causeway> {
    const creds = await server.serviceCreds('edge-a', service);
    const causeway = await connect({ url: server.url, ca: server.ca, creds, ...ports, env: {}, ...options });
    opened.push(causeway);
    return causeway;
  }

  return {
    get server() {
      return server;
    },
    get backbone() {
      return backbone;
    },
    get gateway() {
      return gateway;
    },
    get opened() {
      return opened;
    },
    join,
    async serveEcho(seen = () => {}) {
      const causeway = await join('quotes');
      const serving = await causeway.serve(manifest, {
        latest: ({ symbol }, context) => {
          seen(context);
          return { price: symbol.length };
        },
        anything: (input) => input,
      });
      return { causeway, serving };
    },
  };
}

/** The API's client on this connection. */
export function quotes(causeway: Causeway): Client<typeof manifest> {
  return causeway.service<typeof manifest>('quotes', 1);
}

/** What a promise rejects with. */
export function failure(promise: Promise<unknown>): Promise<CausewayError> {
  return promise.then(
    () => expect.fail('no error'),
    (error: unknown) => error as CausewayError,
  );
}
