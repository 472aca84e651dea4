import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addService, connectAdmin, fabricLayout, up } from '@causeway/fabric';
import { findNatsServer } from '@causeway/nats-server';
import { createLogger, systemClock, systemRandom } from '@causeway/transport';
import { type Child, startChild } from './child.ts';
import type { ProgramSettings } from './child-program.ts';
import type { ProcessIds } from './cpu.ts';
import { echoManifest } from './echo.ts';
import { countRecords, type RecordCount } from './records.ts';

/** What is compared; the first is what the others are measured by. */
export const callCases = ['raw', 'mux', 'guarded'] as const;
export type CallCase = (typeof callCases)[number];

/** A fabric with a caller for each case in the cloud, and what they call at an edge. */
export interface BenchFabric extends AsyncDisposable {
  readonly callers: Readonly<Record<CallCase, Child>>;
  /** Version of the servers. */
  readonly natsServer: string;
  /** The processes that do the work of a case. */
  processesOf(name: CallCase): ProcessIds;
  /** Waits for the records of so many guarded calls, and counts them. */
  countRecords(calls: number): Promise<RecordCount>;
}

const tenant = 'acme';
const edge = 'edge-a';
const programs: Readonly<Record<CallCase, URL>> = {
  raw: new URL('../programs/raw-caller.ts', import.meta.url),
  mux: new URL('../programs/mux-caller.ts', import.meta.url),
  guarded: new URL('../programs/guarded-caller.ts', import.meta.url),
};
/** A name that no gateway serves, so that calls of it reach the responder and nobody else. */
const unguarded = 'bench-unguarded';

/**
 * Starts it all. The unguarded cases use the fabric's own subjects, identities and permissions, and so the same
 * servers, leaf link and TLS: their responder sits where the edge's gateway would, with a gateway's credentials.
 */
export async function startBenchFabric(options: {
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}): Promise<BenchFabric> {
  const { signal, onProgress } = options;
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
  const fabric = await up({
    dir,
    edges: [edge],
    tenants: [tenant],
    binary: natsServer.path,
    ...ports,
    onProgress,
  });
  stack.defer(() => fabric.stop());
  const admin = await connectAdmin(dir, ports);
  stack.defer(() => admin.close());
  signal.throwIfAborted();

  onProgress('starting callers and services');
  await admin.apply([
    {
      kind: 'policy',
      name: 'bench',
      from: { service: callerName('guarded') },
      to: { service: echoManifest.service },
      effect: 'allow',
      // Limits that are counted on every call and never reached.
      limits: { rate: 1_000_000, burst: 1_000_000, concurrency: 100_000 },
    },
  ]);
  const identity = async (site: string, service: string) => {
    const out = path.join(folder, `${site}.${service}.creds`);
    await addService(admin, { tenant, site, service, out }, systemRandom);
    return out;
  };
  const start = async (program: URL, site: string, settings: Omit<ProgramSettings, 'url' | 'ca'>) => {
    const url = fabric.summary.sites.find(({ name }) => name === site)?.url;
    return stack.use(await startChild(program, { url, ca: fabric.summary.ca, ...settings }, signal));
  };
  const subjectOf = (name: CallCase) => `call.cloud.${callerName(name)}.${edge}.${unguarded}.v1.echo`;

  const gatewayCreds = path.join(fabricLayout(dir).site(edge).creds, `gateway-${tenant}.creds`);
  const responder = await start(new URL('../programs/raw-responder.ts', import.meta.url), edge, {
    creds: gatewayCreds,
    inboxPrefix: '_INBOX',
    subject: `${subjectOf('raw')},${subjectOf('mux')}`,
  });
  const service = await start(new URL('../programs/guarded-service.ts', import.meta.url), edge, {
    creds: await identity(edge, echoManifest.service),
    inboxPrefix: '',
    subject: '',
  });
  const caller = async (name: CallCase) =>
    start(programs[name], 'cloud', {
      creds: await identity('cloud', callerName(name)),
      inboxPrefix: `_INBOX.cloud.${callerName(name)}`,
      subject: subjectOf(name),
    });
  const callers = { raw: await caller('raw'), mux: await caller('mux'), guarded: await caller('guarded') };

  const owned = stack.move();
  return {
    callers,
    natsServer: natsServer.version,
    processesOf(name) {
      const ids = fabric.processes;
      const id = (process: string) => ids[process] ?? Number.NaN;
      return {
        caller: [callers[name].pid],
        hub: [id('server cloud')],
        edge: [id(`server ${edge}`)],
        service: [name === 'guarded' ? service.pid : responder.pid],
        gateway: [id(`gateway ${edge}`)],
        other: [id('registry'), id('gateway cloud')],
      };
    },
    countRecords: (calls) =>
      countRecords({ dir, admin, ports, caller: callerName('guarded'), calls, signal }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function callerName(name: CallCase): string {
  return `bench-${name}`;
}
