import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { startBaseFabric, tenant } from './base-fabric.ts';
import type { Child } from './child.ts';
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

const edge = 'edge-a';
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
  const base = await startBaseFabric({ edges: [edge], signal, onProgress });
  await using stack = base.stack;
  const { dir, fabric, admin, ports, credsOf, startProgram } = base;

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
  const subjectOf = (name: CallCase) => `call.cloud.${callerName(name)}.${edge}.${unguarded}.v1.echo`;

  const gatewayCreds = path.join(fabricLayout(dir).site(edge).creds, `gateway-${tenant}.creds`);
  const responder = await startProgram('raw-responder', edge, {
    creds: gatewayCreds,
    inboxPrefix: '_INBOX',
    subject: `${subjectOf('raw')},${subjectOf('mux')}`,
  });
  const service = await startProgram('guarded-service', edge, {
    creds: await credsOf(edge, echoManifest.service),
  });
  const caller = async (name: CallCase) =>
    startProgram(`${name}-caller`, 'cloud', {
      creds: await credsOf('cloud', callerName(name)),
      inboxPrefix: `_INBOX.cloud.${callerName(name)}`,
      subject: subjectOf(name),
    });
  const callers = { raw: await caller('raw'), mux: await caller('mux'), guarded: await caller('guarded') };

  const owned = stack.move();
  return {
    callers,
    natsServer: base.natsServer,
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
