import type { AuditRecord } from '@causeway/protocol';
import type { JetStreamManager } from '@nats-io/jetstream';
import { until } from '../../support/until.ts';
import { connectRawLeaf, type RawLeaf } from './raw-leaf.ts';
import type { Scene } from './scene.ts';

const beat = JSON.stringify({ protocol: 1, gateway: 'gw-1', revision: 1 });

/** A link of edge-b's into `CONTROL`. */
export function openLink(scene: Scene): Promise<RawLeaf> {
  return connectRawLeaf({ ...scene.hub, creds: scene.leafCreds.control, name: 'raw', cluster: 'raw' });
}

/** The link works: what the site may ask is answered. */
export async function expectAnswered(leaf: RawLeaf): Promise<void> {
  leaf.subscribe('_INBOX.edge-b.gateway.>');
  const reply = `_INBOX.edge-b.gateway.gw-1.twin${leaf.heard.length}`;
  await until('the registry answers', () => {
    leaf.publish('control.edge-b.renew', beat, { reply });
    return leaf.heard.some(({ subject }) => subject === reply);
  });
}

/**
 * A call of edge-a's goes through, and its record comes into the cloud, `ops`. What edge-b may have forged there under
 * its own name is not looked at.
 */
export async function expectCollected(scene: Scene, ops: JetStreamManager): Promise<void> {
  const last = () =>
    ops.streams.getMessage('AUDIT', { last_by_subj: 'from.edge-a.audit.acme.edge-a.gw-1.access' });
  const before = (await last().catch(() => null))?.seq ?? 0;
  await scene.call(scene.report, 'quotes', 'say', 'edge-a');
  await until(
    'the record of edge-a is collected',
    async () => {
      const block = await last();
      const lines = (block?.string() ?? '').trim().split('\n');
      const records = lines.map((line) => JSON.parse(line) as AuditRecord);
      const ours = records.some(({ from, to }) => from.service === 'report' && to.service === 'quotes');
      return ours && (block?.seq ?? 0) > before;
    },
    { every: 50 },
  );
}
