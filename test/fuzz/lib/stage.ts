import { readFile } from 'node:fs/promises';
import { createKeys, decodeJwt, parseCreds } from '@causeway/identity';
import type { Causeway } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { issue } from '../../security/support/roster.ts';
import { admitWitnesses, type Witnesses } from '../../security/support/witness.ts';
import { startTestFabric, type TestFabric } from '../../support/fabric.ts';
import { until } from '../../support/until.ts';
import { type Door, openRawSocket, type RawMessage, type RawSocket, type Speaker } from './raw-socket.ts';

/** The tenant that honest services are of, and that of the fuzzer. */
export const honestTenant = 'acme';
export const hostileTenant = 'globex';

/** A fabric with honest services in one tenant and the fuzzer's in another, and a site that was taken over, edge-b. */
export interface Stage {
  readonly fabric: TestFabric;
  readonly witnesses: Witnesses;
  /** A public key that may be issued. */
  readonly key: string;
  /** Opens a connection as one of those that the fuzzer plays. */
  open(player: Player, onMessage: (message: RawMessage) => void): Promise<RawSocket>;
  /** A connection as `fuzz` at a site, to say there what is no protocol. */
  door(site: string): Promise<{ door: Door; speaker: Speaker }>;
  /** One call of each of the honest callers; rejects where one fails. */
  honestCalls(): Promise<void>;
  close(): Promise<void>;
}

/** Who the fuzzer can be. */
export type Player = 'fuzz' | 'asker' | 'liar' | 'gateway' | 'admin' | 'owner';

const endpoint = { request: {}, reply: {} };
const echo = (service: string) =>
  ({
    kind: 'api',
    service,
    version: '1.0.0',
    endpoints: {
      say: endpoint,
      typed: {
        request: {
          type: 'object',
          properties: { symbol: { type: 'string', maxLength: 8 }, n: { type: 'integer' } },
          required: ['symbol', 'n'],
          additionalProperties: false,
        },
        reply: {},
      },
      small: { ...endpoint, maxRequestBytes: 100, maxReplyBytes: 200 },
      limited: endpoint,
      secret: endpoint,
    },
  }) as const;
/** Its replies are checked: not all that the hostile instance says gets through. */
const saying = { request: {}, reply: { type: ['object', 'string', 'number'] }, checkReply: true };
const sayOnly = (service: string) =>
  ({ kind: 'api', service, version: '1.0.0', endpoints: { say: saying } }) as const;
export const register = (service: string) =>
  Buffer.from(JSON.stringify({ protocol: 1, instance: 'one', apis: [sayOnly(service)] }));

function allow(name: string, tenant: string, from: string, to: object, limits?: object): object {
  return {
    kind: 'policy',
    name,
    tenant,
    from: { service: from },
    to,
    effect: 'allow',
    ...(limits === undefined ? {} : { limits }),
  };
}

/** Starts all of it. */
export async function startStage(): Promise<Stage> {
  const fabric = await startTestFabric({
    // Witnesses at an edge listen for what no honest site does: the watchdog, which has tests of its own, would cut it.
    watchdogMs: 3_600_000,
    edges: ['edge-a', 'edge-b'],
    tenants: [honestTenant, hostileTenant],
  });
  let witnesses: Witnesses | undefined;
  try {
    witnesses = await admitWitnesses(fabric, ['edge-a', 'edge-b', 'cloud']);
    return await furnish(fabric, witnesses);
  } catch (error) {
    await witnesses?.close();
    await fabric[Symbol.asyncDispose]();
    throw error;
  }
}

async function furnish(fabric: TestFabric, witnesses: Witnesses): Promise<Stage> {
  const ca = await readFile(fabric.ca, 'utf8');
  const doorOf = (site: string): Door => {
    const { hostname, port } = new URL(fabric.url(site));
    return { host: hostname, port: Number(port), ca };
  };
  const fromFile = async (file: string): Promise<Speaker> => parseCreds(await readFile(file, 'utf8'));
  const ofService = async (site: string, service: string) =>
    fromFile(await fabric.identity(site, service, hostileTenant));
  const amy = await issue(fabric, 'admin', 'amy', { tenant: hostileTenant });
  const players: Record<
    Exclude<Player, 'owner'>,
    { site: string; hears: string[]; who: () => Promise<Speaker> }
  > = {
    fuzz: { site: 'edge-a', hears: ['_INBOX.edge-a.fuzz.>'], who: () => ofService('edge-a', 'fuzz') },
    asker: { site: 'edge-a', hears: ['_INBOX.edge-a.asker.>'], who: () => ofService('edge-a', 'asker') },
    liar: {
      site: 'edge-a',
      hears: ['_INBOX.edge-a.liar.>', 'serve.edge-a.liar.one.>'],
      who: () => ofService('edge-a', 'liar'),
    },
    gateway: {
      site: 'edge-b',
      hears: ['_INBOX.edge-b.gateway.gw-1.>'],
      who: () => fromFile(`${fabric.dir}/sites/edge-b/creds/gateway.creds`),
    },
    admin: { site: 'cloud', hears: ['_INBOX.admin.globex.amy.>'], who: async () => amy },
  };

  await fabric.admin.apply([
    allow('teller', honestTenant, 'teller', { service: '*' }),
    allow('fuzz', hostileTenant, 'fuzz', { service: '*', endpoints: ['say', 'typed', 'small'] }),
    allow(
      'fuzz-limited',
      hostileTenant,
      'fuzz',
      { service: '*', endpoints: ['limited'] },
      { rate: 50, concurrency: 4 },
    ),
    // The one is called by nobody, the other by those whose calls it has answers for.
    ...['victim', 'liar'].map((service) => ({
      ...allow(`no-${service}`, hostileTenant, 'fuzz', { service }),
      effect: 'deny',
    })),
    allow('asker', hostileTenant, 'asker', { service: 'liar' }),
  ]);
  const served: readonly [site: string, service: string, tenant: string][] = [
    ['cloud', 'ledger', honestTenant],
    ['edge-a', 'local', honestTenant],
    ['edge-a', 'echo', hostileTenant],
    ['cloud', 'store', hostileTenant],
    ['edge-a', 'victim', hostileTenant],
  ];
  await Promise.all(
    served.map(async ([site, service, tenant]) => {
      const same = (input: unknown) => input;
      const connection = await fabric.connect(site, service, tenant);
      await connection.serve(echo(service), {
        say: same,
        typed: same,
        small: same,
        limited: same,
        secret: same,
      });
    }),
  );
  await fabric.identity('edge-b', 'bsvc', hostileTenant);
  const teller = await fabric.connect('edge-a', 'teller', honestTenant);

  const stage: Stage = {
    fabric,
    witnesses,
    key: createKeys('user', systemRandom).publicKey,
    async open(player, onMessage) {
      if (player === 'owner') throw new Error('the owner of edge-b speaks through a witness');
      const { site, hears, who } = players[player];
      const socket = await openRawSocket(doorOf(site), await who(), onMessage);
      for (const subject of hears) socket.subscribe(subject);
      await socket.flush();
      return socket;
    },
    door: async (site) => ({ door: doorOf(site), speaker: await ofService('edge-a', 'fuzz') }),
    honestCalls: () => honestCalls(teller),
    async close() {
      await witnesses.close();
      await fabric[Symbol.asyncDispose]();
    },
  };
  // The first API of a service at a site has the site's link dialled anew: not in the midst of what follows.
  await host(stage, 'fuzz', 'registry.edge-a.fuzz.register', '_INBOX.edge-a.fuzz.first', register('fuzz'));
  await host(stage, 'liar', 'registry.edge-a.liar.register', '_INBOX.edge-a.liar.first', register('liar'));
  const published = {
    protocol: 1,
    gateway: 'gw-1',
    tenant: hostileTenant,
    service: 'bsvc',
    apis: [sayOnly('bsvc')],
  };
  const body = Buffer.from(JSON.stringify(published));
  await host(stage, 'gateway', 'control.edge-b.register', '_INBOX.edge-b.gateway.gw-1', body);
  await until('the gateways of both edges are hosts', async () => {
    for (const [site, service] of [
      ['edge-a', 'liar'],
      ['edge-a', 'fuzz'],
      ['edge-b', 'bsvc'],
    ] as const) {
      const { jwt } = await fromFile(`${fabric.dir}/sites/${site}/creds/gateway-${hostileTenant}.creds`);
      if (!(decodeJwt(jwt).nats.tags as string[]).includes(`hosts:${service}`)) return false;
    }
    return true;
  });
  await until('the links are back', async () => {
    const { sites } = await fabric.admin.status();
    return sites.every(({ gateways }) => gateways.length > 0);
  });
  await until('honest calls go through', () => honestCalls(teller).then(() => true), { timeout: 30_000 });
  return stage;
}

async function host(
  stage: Stage,
  player: Player,
  subject: string,
  inbox: string,
  body: Buffer,
): Promise<void> {
  await until(
    `${subject} is taken`,
    async () => {
      const answer = Promise.withResolvers<RawMessage>();
      const socket = await stage.open(player, answer.resolve);
      const cancel = systemClock.after(5_000, () => answer.reject(new Error('no answer')));
      socket.publish(subject, body, { reply: `${inbox}.host` });
      try {
        const { headers, body: said } = await answer.promise;
        if (headers) throw new Error(said.toString());
        return true;
      } finally {
        cancel();
        socket.close();
      }
    },
    { timeout: 30_000 },
  );
}

async function honestCalls(teller: Causeway): Promise<void> {
  const call = (service: string, site: string | undefined) =>
    teller.call({ service, major: 1, endpoint: 'say', site }, { at: 'teller' }, { timeout: 10_000 });
  await Promise.all([call('ledger', undefined), call('local', 'edge-a'), call('local', undefined)]);
}
