import {
  type AdminClient,
  type ClientPorts,
  type Console,
  type Fabric,
  openConsole,
  readCounters,
  recount,
  tailRecords,
  verifyChains,
} from '@causeway/fabric';
import { type AuditRecord, apiName, type Manifest, majorOf, subjects } from '@causeway/protocol';
import type { Stage } from './scenario/places.ts';
import type { ShownCounter, ShownSite } from './screen/screen.ts';

/** What the cloud knows, as its ops consoles read it. */
export interface Observer {
  readSites(): Promise<ShownSite[]>;
  readCounters(): Promise<ShownCounter[]>;
  /** Records that could not be read, so far. */
  readonly damaged: number;
  close(): Promise<void>;
}

/** What a look at everything in the cloud's streams found. */
export interface Audit {
  readonly records: bigint;
  readonly counters: number;
  readonly countedCalls: bigint;
  /** Counters that differ from a recount of the records. */
  readonly differences: readonly string[];
  readonly chains: number;
  readonly blocks: number;
  /** What is wrong with the chains. */
  readonly problems: readonly string[];
}

/** What it takes to observe a fabric. */
export interface ObserverOptions {
  readonly fabric: Fabric;
  readonly admin: AdminClient;
  readonly stage: Stage;
  readonly ports: ClientPorts;
}

/** Opens a console and follows the audit stream from now on. */
export async function startObserver(
  options: ObserverOptions & { readonly onRecord: (record: AuditRecord) => void },
): Promise<Observer> {
  const { fabric, admin, stage, ports } = options;
  const console = await openConsole(fabric.dir, admin, { tenant: 'any', from: 'now' }, ports);
  let damaged = 0;
  const tail = tailRecords(console, {
    record: (record) => {
      if (record.tenant === stage.tenant) options.onRecord(record);
    },
    damaged(subject, problem) {
      damaged += 1;
      ports.logger.error({ subject, problem }, 'damaged block');
    },
  });
  await tail.caughtUp;
  return {
    readSites: () => readSites(admin, stage),
    readCounters: async () => sumCounters((await readCounters(console)).values, stage.tenant),
    get damaged() {
      return damaged;
    },
    async close() {
      await tail.stop();
      await console.close();
    },
  };
}

/** Reads every record of the cloud's stream, counts them anew, and verifies every chain. */
export async function auditAll(options: ObserverOptions): Promise<Audit> {
  const { fabric, admin, ports } = options;
  const console = await openConsole(fabric.dir, admin, { tenant: 'any', from: 'beginning' }, ports);
  try {
    const records = await countRecords(console);
    const counted = await recount(console);
    let blocks = 0;
    const report = await verifyChains(console, (read) => {
      blocks = read;
    });
    return {
      records,
      counters: counted.counters,
      countedCalls: counted.calls,
      differences: counted.differences.map((difference) => JSON.stringify(difference, bigintText)),
      chains: report.chains.length,
      blocks,
      problems: report.problems.map(({ kind, text }) => `${kind}: ${text}`),
    };
  } finally {
    await console.close();
  }
}

async function countRecords(console: Console): Promise<bigint> {
  let records = 0n;
  const reading = tailRecords(console, {
    record({ count }) {
      records += BigInt(count ?? 1);
    },
    // The verification says what is wrong with it.
    damaged() {},
  });
  try {
    await reading.caughtUp;
  } finally {
    await reading.stop();
  }
  return records;
}

async function readSites(admin: AdminClient, { tenant, sites }: Stage): Promise<ShownSite[]> {
  const [status, apis] = await Promise.all([admin.status(), admin.get('apis')]);
  const published = apis.items as unknown as readonly (Manifest & { tenant: string; sites: string[] })[];
  return status.sites.map(({ name, gateways, recordLag }) => ({
    name,
    gateways,
    links:
      name === sites.cloud
        ? undefined
        : status.links.filter(({ site }) => site === name).map(({ account }) => account),
    lag: recordLag ?? 0,
    apis: published
      .filter((api) => api.tenant === tenant && api.sites.includes(name))
      .map((api) => ({
        name: apiName(api.service, majorOf(api.version)),
        endpoints: Object.keys(api.endpoints),
      })),
  }));
}

/** Adds the counters up by caller and API. Those of a tenant's services only. */
export function sumCounters(values: ReadonlyMap<string, bigint>, tenant: string): ShownCounter[] {
  const sums = new Map<string, { caller: string; api: string; calls: bigint; ok: bigint; bytes: bigint }>();
  for (const [subject, value] of values) {
    const flow = subjects.flow.parse(subject);
    if (flow?.tenant !== tenant) continue;
    const caller = `${flow.fromSite}/${flow.from}`;
    const api = apiName(flow.service, flow.major);
    const key = `${caller} ${api}`;
    const sum = sums.get(key) ?? { caller, api, calls: 0n, ok: 0n, bytes: 0n };
    if (flow.metric === 'calls') sum.calls += value;
    if (flow.metric === 'code-ok') sum.ok += value;
    if (flow.metric.endsWith('-bytes')) sum.bytes += value;
    sums.set(key, sum);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
