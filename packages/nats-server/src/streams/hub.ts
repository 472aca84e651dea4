import type { JetStreamManager } from '@nats-io/jetstream';
import {
  compiled,
  defaultStreamLimits,
  documents,
  gatewayAuditConsumer,
  gatewayCompiledConsumer,
  hubAudit,
  hubFlow,
  quotas,
  readerConsumer,
  type StreamLimits,
  type StreamShape,
  siteAudit,
  siteFlow,
} from './config.ts';
import { ensureConsumer, ensureStream, makeStream } from './ensure.ts';
import { cloudSite, collector, streamNames } from './names.ts';

/** What the hub stores. */
export interface HubAssets {
  /** The gateway replicas of the cloud's own site. Default `gw-1`. */
  readonly gateways?: readonly string[];
  /** First sequence of the documents, where they are not there yet. */
  readonly documentsFrom?: number;
  readonly limits?: Partial<StreamLimits>;
}

/** The streams of `CONTROL`, as data, in the order in which they are made. */
export function hubStreams(limits: StreamLimits = defaultStreamLimits): StreamShape[] {
  return [
    documents(limits),
    compiled(limits),
    quotas(limits),
    siteAudit(cloudSite, limits),
    siteFlow(cloudSite, limits),
  ];
}

/** Makes everything the hub stores, or brings it up to date, with the registry's rights in `CONTROL`. */
export async function ensureHub(jsm: JetStreamManager, assets: HubAssets = {}): Promise<void> {
  const limits = { ...defaultStreamLimits, ...assets.limits };
  if (assets.documentsFrom !== undefined) {
    await makeStream(jsm, { ...documents(limits), first_seq: assets.documentsFrom });
  }
  for (const stream of hubStreams(limits)) await ensureStream(jsm, stream);
  await ensureConsumer(jsm, streamNames.auditCloud, readerConsumer(collector));
  await ensureConsumer(jsm, streamNames.flowCloud, readerConsumer(collector));
  for (const gateway of assets.gateways ?? ['gw-1']) {
    await ensureConsumer(jsm, streamNames.compiled, gatewayCompiledConsumer(cloudSite, gateway));
    await ensureConsumer(jsm, streamNames.auditCloud, gatewayAuditConsumer(cloudSite, gateway));
  }
}

/** What is kept for consoles: everything that was collected. */
export interface ConsoleAssets {
  readonly limits?: Partial<StreamLimits>;
}

/** Makes the collecting streams in `OPS`, or brings them up to date, with the registry's rights there. */
export async function ensureOps(jsm: JetStreamManager, assets: ConsoleAssets = {}): Promise<void> {
  const limits = { ...defaultStreamLimits, ...assets.limits };
  await ensureStream(jsm, hubAudit(limits));
  await ensureStream(jsm, hubFlow(limits));
}
