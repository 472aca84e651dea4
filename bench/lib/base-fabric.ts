import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AdminClient, addService, connectAdmin, type Fabric, up } from '@causeway/fabric';
import { findNatsServer } from '@causeway/nats-server';
import type { Clock, Logger, Random } from '@causeway/protocol';
import { createLogger, systemClock, systemRandom } from '@causeway/transport';
import { type Child, startChild } from './child.ts';
import type { ProgramSettings } from './child-program.ts';

/** The tenant that every benchmark is about. */
export const tenant = 'acme';

/** A whole fabric on this machine, in a folder of its own, of which nothing is left behind. */
export interface BaseFabric {
  readonly dir: string;
  /** What is given up with it; the last comes first. */
  readonly stack: AsyncDisposableStack;
  readonly fabric: Fabric;
  readonly admin: AdminClient;
  readonly ports: { readonly clock: Clock; readonly random: Random; readonly logger: Logger };
  /** Version of the servers. */
  readonly natsServer: string;
  /** Where clients of a site come in. */
  urlOf(site: string): string;
  /** Makes a service; resolves with the path of its credentials. */
  credsOf(site: string, service: string): Promise<string>;
  /** Starts one of `programs/` as a client of a site. */
  startProgram(
    name: string,
    site: string,
    settings: Pick<ProgramSettings, 'creds'> & Partial<ProgramSettings>,
  ): Promise<Child>;
}

/** Starts it, and gives it up again where it cannot be started whole. The stack is the caller's to dispose of. */
export async function startBaseFabric(options: {
  readonly edges: readonly string[];
  readonly logLevel?: 'warn' | 'error';
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}): Promise<BaseFabric> {
  const { edges, logLevel = 'warn', signal, onProgress } = options;
  const logger = createLogger({ component: 'bench', level: logLevel });
  const ports = { clock: systemClock, random: systemRandom, logger };
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

  const { sites, ca } = fabric.summary;
  const urlOf = (site: string) => sites.find(({ name }) => name === site)?.url ?? '';
  const owned = stack.move();
  return {
    dir,
    stack: owned,
    fabric,
    admin,
    ports,
    natsServer: natsServer.version,
    urlOf,
    async credsOf(site, service) {
      const out = path.join(folder, `${site}.${service}.creds`);
      await addService(admin, { tenant, site, service, out }, systemRandom);
      return out;
    },
    async startProgram(name, site, settings) {
      const file = new URL(`../programs/${name}.ts`, import.meta.url);
      const whole = { url: urlOf(site), ca, inboxPrefix: '', subject: '', ...settings };
      return owned.use(await startChild(file, whole, signal));
    },
  };
}
