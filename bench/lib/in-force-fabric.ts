import type { AdminClient } from '@causeway/fabric';
import { startBaseFabric } from './base-fabric.ts';
import type { Child } from './child.ts';
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

const edges = ['edge-a', 'edge-b'];
const callerName = 'bench-guarded';
/** Policies of one request. */
const atOnce = 900;

/** Starts it, with so many policies that are about other services. */
export async function startInForceFabric(options: {
  readonly policies: number;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}): Promise<InForceFabric> {
  const { policies, signal, onProgress } = options;
  const base = await startBaseFabric({ edges, signal, onProgress });
  await using stack = base.stack;
  const { fabric, admin, credsOf, startProgram } = base;

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
  for (const site of sites) {
    await startProgram('guarded-service', site, { creds: await credsOf(site, echoManifest.service) });
  }
  const caller = await startProgram('guarded-caller', 'cloud', { creds: await credsOf('cloud', callerName) });
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
    natsServer: base.natsServer,
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
