import type { JetStreamManager } from '@nats-io/jetstream';

/**
 * Whether all that was recorded is counted, and the counters are in the cloud: counters come up to a second after
 * the calls, so until then something honest is still on its way. `ops` manages the consoles' account.
 */
export async function allCounted(ops: JetStreamManager): Promise<boolean> {
  const subjectsOf = async (stream: string) =>
    (await ops.streams.info(stream, { subjects_filter: '>' })).state.subjects ?? {};
  // What administrators did is recorded by the registry, and counted by nobody.
  const stored = Object.entries(await subjectsOf('AUDIT'))
    .filter(([subject]) => !subject.endsWith('.registry.admin'))
    .reduce((sum, [, count]) => sum + count, 0);
  let counted = 0;
  for (const subject of Object.keys(await subjectsOf('FLOW'))) {
    if (!subject.endsWith('.gateway.gw-1.blocks')) continue;
    const mark = await ops.streams.getMessage('FLOW', { last_by_subj: subject });
    counted += Number(mark?.json<{ val: string }>().val);
  }
  return stored > 0 && counted === stored;
}
