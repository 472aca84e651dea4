import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AdminClient, addService, connectAdmin, up } from '@causeway/fabric';
import { findNatsServer } from '@causeway/nats-server';
import { createLogger, systemClock, systemRandom } from '@causeway/transport';
import { type Child, startChild } from './child.ts';
import { echoManifest } from './echo.ts';

/** A fabric of three sites that all serve one API, with a caller that keeps them busy. */
export interface InForceFabric extends AsyncDisposable {
  readonly admin: AdminClient;
  readonly sites: readonly string[];
  /** Calls across a link, from the cloud to an edge. */
  readonly caller: Child;
  /** Version of the servers. */
  readonly natsServer: string;
  /** Resident bytes of the registry, as it tells them. */
  registryMemory(): Promise<number>;
}

const tenant = 'acme';
const edges = ['edge-a', 'edge-b'];
const callerName = 'bench-guarded';
/** Policies of one request. */
const atOnce = 1_000;

/** Starts it, with so many policies that are about other services. */
export async function startInForceFabric(options: {
  readonly policies: number;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}): Promise<InForceFabric> {
  const { policies, signal, onProgress } = options;
  const ports = {
    clock: systemClock,
    random: systemRandom,
    logger: createLogger({ component: 'bench', level: 'warn' }),
  };
  await using stack = new AsyncDisposableStack();
  const natsServer = await findNatsServer({ onProgress, signal });
  const folder = await mkdtemp(path.join(tmpdir(), 'causeway-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const dir = path.join(folder, 'fabric');
  const fabric = await up({ dir, edges, tenants: [tenant], binary: natsServer.path, ...ports, onProgress });
  stack.defer(() => fabric.stop());
  const admin = await connectAdmin(dir, ports);
  stack.defer(() => admin.close());
  signal.throwIfAborted();

  onProgress('starting callers and services');
  const sites = fabric.summary.sites.map(({ name }) => name);
  await admin.apply([
    {
      kind: 'policy',
      name: 'bench',
      from: { service: callerName },
      to: { service: echoManifest.service },
      effect: 'allow',
    },
  ]);
  const start = async (program: string, site: string, service: string) => {
    const creds = path.join(folder, `${site}.${service}.creds`);
    await addService(admin, { tenant, site, service, out: creds }, systemRandom);
    const url = fabric.summary.sites.find(({ name }) => name === site)?.url;
    const settings = { url, ca: fabric.summary.ca, creds, inboxPrefix: '', subject: '' };
    return stack.use(await startChild(new URL(`../programs/${program}`, import.meta.url), settings, signal));
  };
  for (const site of sites) await start('guarded-service.ts', site, echoManifest.service);
  const caller = await start('guarded-caller.ts', 'cloud', callerName);
  for (let done = 0; done < policies; done += atOnce) {
    signal.throwIfAborted();
    await admin.apply(
      Array.from({ length: Math.min(atOnce, policies - done) }, (_, n) => standing(done + n)),
    );
    onProgress(`${Math.min(policies, done + atOnce)} of ${policies} policies applied`);
  }
  const owned = stack.move();
  return {
    admin,
    sites,
    caller,
    natsServer: natsServer.version,
    async registryMemory() {
      return (await admin.status()).memory?.rss ?? Number.NaN;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** One of many policies: of some hundred services, each with as many callers. */
function standing(n: number): object {
  return {
    kind: 'policy',
    name: `standing-${n}`,
    from: { service: `caller-${n % 997}` },
    to: { service: `service-${Math.floor(n / 500)}` },
    effect: 'allow',
    limits: { rate: 100 },
  };
}
