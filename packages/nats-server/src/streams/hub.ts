import type { JetStreamManager } from '@nats-io/jetstream';
import {
  compiled,
  defaultStreamLimits,
  documents,
  gatewayAuditConsumer,
  gatewayCompiledConsumer,
  hubAudit,
  hubFlow,
  mirrorConsumer,
  type StreamLimits,
  type StreamShape,
  siteAudit,
  siteFlow,
  sourceConsumer,
} from './config.ts';
import { ensureConsumer, ensureStream, removeConsumer } from './ensure.ts';
import { cloudSite, streamNames } from './names.ts';

/** Which sites the hub collects from and compiles for. */
export interface HubAssets {
  /** The edge sites, all of them: one that is left out is no longer collected from. */
  readonly edges: readonly string[];
  /** The gateway replicas of the cloud's own site. Default `gw-1`. */
  readonly gateways?: readonly string[];
  readonly limits?: Partial<StreamLimits>;
}

/** The streams of `CONTROL`, as data, in the order in which they are made. */
export function hubStreams(
  edges: readonly string[],
  limits: StreamLimits = defaultStreamLimits,
): StreamShape[] {
  const sites = [cloudSite, ...edges];
  return [
    documents(limits),
    compiled(limits),
    siteAudit(cloudSite, limits),
    siteFlow(cloudSite, limits),
    hubAudit(sites, limits),
    hubFlow(sites, limits),
  ];
}

/**
 * Makes everything the hub stores, or brings it up to date, with the registry's rights in `CONTROL`. To add a
 * site, call it again with one more: its sources are added, and no other is disturbed.
 */
export async function ensureHub(jsm: JetStreamManager, assets: HubAssets): Promise<void> {
  const streams = hubStreams(assets.edges, { ...defaultStreamLimits, ...assets.limits });
  const collecting = new Set<string>([streamNames.audit, streamNames.flow]);
  for (const stream of streams.filter(({ name }) => !collecting.has(name))) await ensureStream(jsm, stream);
  await ensureConsumer(jsm, streamNames.auditCloud, sourceConsumer(cloudSite, 'AUDIT'));
  await ensureConsumer(jsm, streamNames.flowCloud, sourceConsumer(cloudSite, 'FLOW'));
  for (const edge of assets.edges) await admitSite(jsm, edge);
  for (const gateway of assets.gateways ?? ['gw-1']) {
    await ensureConsumer(jsm, streamNames.compiled, gatewayCompiledConsumer(cloudSite, gateway));
    await ensureConsumer(jsm, streamNames.auditCloud, gatewayAuditConsumer(cloudSite, gateway));
  }
  // Last, so that what they source from is there and they need not wait for a second try.
  for (const stream of streams.filter(({ name }) => collecting.has(name))) await ensureStream(jsm, stream);
}

/**
 * Makes what a site's mirror reads from. Done before the site makes its own streams (`ensureSite`), and
 * `ensureHub` with the site after that, everything finds its other end at the first try; in another order the
 * server tries again, after 5 s.
 */
export async function admitSite(jsm: JetStreamManager, site: string): Promise<void> {
  await ensureConsumer(jsm, streamNames.compiled, mirrorConsumer(site));
}

/** Takes away what the hub keeps for a site's mirror. Its records and counters stay; its sources go with `ensureHub`. */
export async function retireSite(jsm: JetStreamManager, site: string): Promise<void> {
  await removeConsumer(jsm, streamNames.compiled, site);
  await jsm.streams.purge(streamNames.compiled, { filter: `$KV.compiled.${site}.>` });
}
