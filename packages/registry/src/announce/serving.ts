import { apiName, type BeatRequest, type Clock } from '@causeway/protocol';
import { gatewayLeaseMs } from '../control/gateways.ts';

/** At which sites an API has a healthy instance, as their gateways say in their renewals. */
export interface Serving {
  /** A gateway renewed; `serving` is undefined for one of an earlier version, which does not say. */
  renewed(site: string, gateway: string, serving: BeatRequest['serving']): void;
  /**
   * True where the site surely has no healthy instance of the API: its gateway says so, or is gone. Undefined where
   * that is not known, since the registry or the gateway has just started: what was known before holds.
   */
  idle(tenant: string, service: string, major: number, site: string): boolean | undefined;
  close(): void;
}

interface Heard {
  at: number;
  complete: boolean;
  /** `tenant.quotes.v1`; undefined where the gateway does not tell. */
  apis: ReadonlySet<string> | undefined;
}

const sweepEveryMs = 500;

/** Creates the table, in which nothing is known. `onChange` is told the site where anything becomes another; undefined means any. */
export function createServing(options: {
  clock: Clock;
  onChange: (site: string | undefined) => void;
}): Serving {
  const { clock, onChange } = options;
  const startedAt = clock.monotonic();
  const sites = new Map<string, Map<string, Heard>>();
  /** Gateways that were alive when it was looked at last, by site. */
  const lastAlive = new Map<string, string>();
  /** Whether a site that was never heard of has been silent for long enough to be gone. */
  let silenceCounts = false;

  const alive = (heard: Heard, now: number) => now - heard.at <= gatewayLeaseMs;

  /** Those that come and go by themselves, as time passes. */
  function sweep(): void {
    const now = clock.monotonic();
    if (!silenceCounts && now - startedAt > gatewayLeaseMs) {
      silenceCounts = true;
      onChange(undefined);
    }
    for (const [site, gateways] of sites) {
      const names = [...gateways].filter(([, heard]) => alive(heard, now)).map(([gateway]) => gateway);
      const nowAlive = names.join(' ');
      if (nowAlive === lastAlive.get(site)) continue;
      lastAlive.set(site, nowAlive);
      onChange(site);
    }
  }
  const stopSweep = clock.every(sweepEveryMs, sweep);

  return {
    renewed(site, gateway, serving) {
      const gateways = sites.get(site) ?? new Map<string, Heard>();
      sites.set(site, gateways);
      const before = gateways.get(gateway);
      const now = clock.monotonic();
      const apis =
        serving &&
        new Set(
          Object.entries(serving.apis).flatMap(([key, majors]) => majors.map((major) => apiName(key, major))),
        );
      gateways.set(gateway, { at: now, complete: serving?.complete ?? false, apis });
      const same =
        before !== undefined &&
        alive(before, now) &&
        before.complete === (serving?.complete ?? false) &&
        sameSet(before.apis, apis);
      if (!same) onChange(site);
    },
    idle(tenant, service, major, site) {
      const now = clock.monotonic();
      const heard = [...(sites.get(site)?.values() ?? [])].filter((each) => alive(each, now));
      if (heard.length === 0) return now - startedAt > gatewayLeaseMs ? true : undefined;
      if (heard.some(({ apis }) => apis === undefined)) return false;
      const name = `${tenant}.${apiName(service, major)}`;
      if (heard.some(({ apis }) => apis?.has(name))) return false;
      return heard.every(({ complete }) => complete) ? true : undefined;
    },
    close: stopSweep,
  };
}

function sameSet(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (!a || !b) return a === b;
  return a.size === b.size && [...a].every((each) => b.has(each));
}
