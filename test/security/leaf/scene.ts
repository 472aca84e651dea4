import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, readSite, siteUrl } from '@causeway/fabric';
import { findNatsServer } from '@causeway/nats-server';
import type { Causeway } from '@causeway/sdk';
import { connectNats, systemRandom } from '@causeway/transport';
import type { NatsConnection } from 'nats';
import { startTestFabric, type TestFabric } from '../../support/fabric.ts';
import { silent } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';
import { type Attacker, rawAttacker, rogueAttacker, type Way } from './attackers.ts';
import type { RawLeafOptions } from './raw-leaf.ts';
import { startRogueEdge } from './rogue-edge.ts';

/** A fabric whose site edge-b has been taken over; cloud and edge-a are honest. */
export interface Scene {
  readonly fabric: TestFabric;
  /** Real leaf credentials of edge-b. */
  readonly leafCreds: Readonly<Record<Way, string>>;
  /** Where and how leafs enter the hub. */
  readonly hub: Pick<RawLeafOptions, 'host' | 'port' | 'ca'>;
  /** Public key of the tenant's account. */
  readonly tenantAccount: string;
  /** The rewritten server, and the raw program, which also claims to be others. */
  readonly rogue: Attacker;
  readonly raw: Attacker;
  readonly pretenders: readonly Attacker[];
  /** Honest callers. */
  readonly report: Causeway;
  readonly trader: Causeway;
  /** Calls an honest service; rejects as the call does. */
  call(from: Causeway, service: string, endpoint?: string, site?: string): Promise<unknown>;
  /** A client at a site's server with credentials of the fabric's own: a witness. */
  witness(site: string, creds: string, inboxPrefix: string): Promise<NatsConnection>;
  /** As the registry, in `CONTROL`. */
  control(): Promise<NatsConnection>;
  /** As the registry, in `OPS`. */
  ops(): Promise<NatsConnection>;
  /** What honest services were handed: `<service> <caller>`. */
  readonly served: string[];
  close(): Promise<void>;
}

const api = (service: string) =>
  ({
    kind: 'api',
    service,
    version: '1.0.0',
    endpoints: { say: { request: {}, reply: {} }, shout: { request: {}, reply: {} } },
  }) as const;

/** Policies: edge-b's desk may call `quotes.say` at edge-a, and nothing else of other sites. */
const grants = [
  { name: 'report-quotes', from: ['cloud', 'report'], to: 'quotes', site: 'edge-a' },
  { name: 'report-vault', from: ['cloud', 'report'], to: 'vault', site: 'edge-a' },
  { name: 'trader-risk', from: ['edge-a', 'trader'], to: 'risk', site: 'cloud' },
  { name: 'desk-quotes', from: ['edge-b', 'desk'], to: 'quotes', site: 'edge-a' },
] as const;

/** Brings it up: cloud, edge-a and edge-b, honest services and callers, and the attackers. */
export async function startScene(): Promise<Scene> {
  // What an attacker hears and does while nobody watches: the watchdog has tests of its own.
  const fabric = await startTestFabric({ watchdogMs: 3_600_000 });
  const stops: (() => Promise<void>)[] = [() => fabric[Symbol.asyncDispose]()];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const layout = fabricLayout(fabric.dir);
    const settings = await readSite(fabric.dir, 'cloud');
    const ca = await readFile(layout.ca, 'utf8');
    const hub = { host: settings.host, port: settings.ports.leaf as number, ca };
    const creds = layout.site('edge-b').leafCreds;
    const leafCreds = {
      acme: path.join(creds, 'acme.leaf.creds'),
      control: path.join(creds, 'control.leaf.creds'),
    };
    const bootstrap = JSON.parse(await readFile(path.join(layout.registry, 'bootstrap.json'), 'utf8')) as {
      accounts: { publicKey: string }[];
    };
    const tenantAccount = bootstrap.accounts[0]?.publicKey ?? '';

    await fabric.admin.apply(
      grants.map(({ name, from: [site, service], to, site: at }) => ({
        kind: 'policy',
        name,
        from: { site, service },
        to: { service: to, major: 1, endpoints: ['say'], site: at },
        effect: 'allow',
      })),
    );
    const served: string[] = [];
    for (const [site, service] of [
      ['edge-a', 'quotes'],
      ['edge-a', 'vault'],
      ['cloud', 'risk'],
    ] as const) {
      const server = await fabric.connect(site, service);
      const answer = (_input: unknown, { caller }: { caller: { site: string; service: string } }) => {
        served.push(`${service} ${caller.site}.${caller.service}`);
        return { by: service };
      };
      await server.serve(api(service), { say: answer, shout: answer });
    }
    await fabric.identity('edge-b', 'desk');
    const report = await fabric.connect('cloud', 'report');
    const trader = await fabric.connect('edge-a', 'trader');
    const call: Scene['call'] = (from, service, endpoint = 'say', site) =>
      from.call(
        { service, major: 1, endpoint, site: undefined },
        {},
        { timeout: 2_000, ...(site ? { site } : {}) },
      );
    for (const [from, service] of [
      [report, 'quotes'],
      [report, 'vault'],
      [trader, 'risk'],
    ] as const) {
      await until(`${service} can be reached`, () => call(from, service), { timeout: 30_000 });
    }

    const folder = path.join(fabric.dir, '..', 'rogue');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { path: binary } = await findNatsServer({});
    const edge = await startRogueEdge({
      binary,
      folder,
      // Not edge-a: links that claim one cluster are not joined, and the rogue would only cut itself off from edge-a.
      serverName: 'edge-b-too',
      domain: 'edge-b',
      hubLeafUrl: `tls://${hub.host}:${hub.port}`,
      caFile: layout.ca,
      leafCreds,
    });
    stops.push(() => edge.stop());
    const raw = (name: string, claims: Partial<RawLeafOptions>) =>
      rawAttacker(name, { ...hub, name: 'raw', cluster: 'raw', ...claims }, leafCreds);

    const witness: Scene['witness'] = async (site, credentials, inboxPrefix) => {
      const connection = await connectNats({
        servers: siteUrl(await readSite(fabric.dir, site)),
        ca,
        credentials,
        inboxPrefix,
        name: 'witness',
        random: systemRandom,
        logger: silent,
      });
      stops.push(() => connection.close());
      return connection;
    };
    return {
      fabric,
      leafCreds,
      hub,
      tenantAccount,
      rogue: rogueAttacker('a rewritten edge server', edge),
      raw: raw('a raw leaf', {}),
      pretenders: [
        raw('a raw leaf that claims domain cloud', { name: 'cloud', cluster: 'other', domain: 'cloud' }),
        raw('a raw leaf that claims name and domain edge-a', {
          name: 'edge-a',
          cluster: 'other',
          domain: 'edge-a',
        }),
        raw('a raw leaf that claims to be the hub', { hub: true, domain: 'edge-b' }),
      ],
      report,
      trader,
      call,
      witness,
      control: () =>
        witness('cloud', path.join(layout.registry, 'registry.creds'), '_INBOX.cloud.registry.witness'),
      ops: () => witness('cloud', path.join(layout.registry, 'ops.creds'), '_INBOX.cloud.registry.witness'),
      served,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
