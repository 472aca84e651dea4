import type { JetStreamManager } from '@nats-io/jetstream';
import {
  auditorConsumer,
  defaultStreamLimits,
  gatewayAuditConsumer,
  gatewayCompiledConsumer,
  readerConsumer,
  type StreamLimits,
  type StreamShape,
  siteAudit,
  siteCompiled,
  siteFlow,
} from './config.ts';
import { ensureConsumer, ensureStream } from './ensure.ts';
import { collector, streamNames } from './names.ts';

/** What an edge site stores, and who reads it. */
export interface SiteAssets {
  readonly site: string;
  /** The gateway replicas of the site. Default `gw-1`. */
  readonly gateways?: readonly string[];
  readonly limits?: Partial<StreamLimits>;
}

/** The streams of an edge's `site-<site>` account, as data. */
export function siteStreams(site: string, limits: StreamLimits = defaultStreamLimits): StreamShape[] {
  return [siteAudit(site, limits), siteFlow(site, limits), siteCompiled(site, limits)];
}

/**
 * Makes everything an edge stores, or brings it up to date, with the broker's rights there. Needs no hub.
 */
export async function ensureSite(jsm: JetStreamManager, assets: SiteAssets): Promise<void> {
  const { site } = assets;
  for (const stream of siteStreams(site, { ...defaultStreamLimits, ...assets.limits })) {
    await ensureStream(jsm, stream);
  }
  await ensureConsumer(jsm, streamNames.audit, readerConsumer(collector));
  await ensureConsumer(jsm, streamNames.flow, readerConsumer(collector));
  for (const gateway of assets.gateways ?? ['gw-1']) {
    await ensureConsumer(jsm, streamNames.compiled, gatewayCompiledConsumer(site, gateway));
    await ensureConsumer(jsm, streamNames.audit, gatewayAuditConsumer(site, gateway));
  }
  await ensureConsumer(jsm, streamNames.audit, auditorConsumer(site));
}
