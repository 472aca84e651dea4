import { codeMetric } from '@causeway/audit';
import { streamNames } from '@causeway/nats-server';
import { type Clock, subjects } from '@causeway/protocol';
import type { JetStreamManager } from '@nats-io/jetstream';

/** Calls that were answered of late. */
export interface LateCall {
  /** SITE/SERVICE. */
  readonly from: string;
  readonly endpoint: string;
  /** When its counter came to the cloud last, ms. */
  readonly at: number;
}

/** Who called an API lately, as the counters that reached the cloud say it. */
export interface CallHistory {
  of(tenant: string, service: string, major: number): Promise<readonly LateCall[]>;
}

const latelyMs = 24 * 3_600_000;
/** Counters that are looked at: each of them costs a question. */
const mostAsked = 50;

/** Reads the counters with the registry's rights in OPS. */
export function createCallHistory(manager: JetStreamManager, clock: Pick<Clock, 'now'>): CallHistory {
  return {
    async of(tenant, service, major) {
      const filter = `from.*.flow.*.${tenant}.*.*.${service}.v${major}.*.${codeMetric('OK')}`;
      const { state } = await manager.streams.info(streamNames.flow, { subjects_filter: filter });
      const found = new Map<string, LateCall>();
      for (const subject of Object.keys(state.subjects ?? {}).slice(0, mostAsked)) {
        const fields = subjects.flowFrom.parse(subject);
        const message =
          fields && (await manager.streams.getMessage(streamNames.flow, { last_by_subj: subject }));
        if (!message) continue;
        const at = message.time.getTime();
        if (at < clock.now() - latelyMs) continue;
        const from = `${fields.fromSite}/${fields.from}`;
        const known = found.get(`${from} ${fields.endpoint}`);
        found.set(`${from} ${fields.endpoint}`, {
          from,
          endpoint: fields.endpoint,
          at: Math.max(at, known?.at ?? 0),
        });
      }
      return [...found.values()].sort((a, b) => b.at - a.at);
    },
  };
}
