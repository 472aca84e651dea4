import type { BeatRequest, Clock } from '@causeway/protocol';
import { leaseMs } from './instances.ts';

/** What a site's gateway tells of its instances. */
export type ServingReport = NonNullable<BeatRequest['serving']>;

/** Which of the APIs that a site serves have a healthy instance there. */
export interface Availability {
  /** Undefined where the site does not serve the API any more. */
  set(tenant: string, service: string, major: number, available: boolean | undefined): void;
  report(): ServingReport;
  close(): void;
}

/** An instance whose gateway was started again registers within a third of its lease. */
const settleMs = leaseMs / 3 + 1_000;

/**
 * Creates it. `onChange` is told each change, but not that an API has no instance as long as the gateway has only just
 * started: its instances come back within some seconds, and nobody is to turn away from the site for that.
 */
export function createAvailability(options: {
  clock: Clock;
  onChange: (tenant: string, service: string, major: number, available: boolean | undefined) => void;
}): Availability {
  const { clock, onChange } = options;
  const apis = new Map<string, { tenant: string; service: string; major: number; available: boolean }>();
  let complete = false;

  const cancel = clock.after(settleMs, () => {
    complete = true;
    for (const { tenant, service, major, available } of apis.values()) {
      if (!available) onChange(tenant, service, major, false);
    }
  });

  return {
    set(tenant, service, major, available) {
      const key = `${tenant}.${service}.v${major}`;
      const before = apis.get(key)?.available;
      if (before === available) return;
      if (available === undefined) apis.delete(key);
      else apis.set(key, { tenant, service, major, available });
      // One that was there since the gateway started, and went, is known to be gone.
      if (complete || available !== false || before === true) onChange(tenant, service, major, available);
    },
    report() {
      const report: ServingReport = { complete, apis: {} };
      for (const { tenant, service, major, available } of apis.values()) {
        if (!available) continue;
        const key = `${tenant}.${service}`;
        report.apis[key] = [...(report.apis[key] ?? []), major];
      }
      return report;
    },
    close: cancel,
  };
}
