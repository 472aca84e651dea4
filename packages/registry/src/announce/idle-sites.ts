import {
  apiName,
  type Clock,
  compiledKeys,
  type IdleApis,
  type Logger,
  parseCompiledKey,
  type VisibleApis,
} from '@causeway/protocol';
import type { Compiler } from '../compile/compiler.ts';
import { maxValueBytes } from '../compile/fitting.ts';
import type { Serving } from './serving.ts';

/** Tells each site which others have no healthy instance of the APIs that its services see. */
export interface IdleSites {
  /** What the services of a site see has changed. */
  sees(site: string): void;
  /** Who serves at a site has changed, or at any (undefined). Those who see it are told at once, or soon where that was just done. */
  serves(site: string | undefined): void;
  close(): void;
}

/** The shortest time between two rounds: sites whose instances come and go without end keep nobody busy. */
const spacingMs = 500;
const retryMs = 1_000;

/** Creates it; in its first round it looks at all sites, later at those that a change concerns. */
export function createIdleSites(options: {
  compiler: Pick<Compiler, 'tables' | 'beside' | 'tellBeside'>;
  serving: Pick<Serving, 'idle'>;
  clock: Clock;
  logger: Logger;
}): IdleSites {
  const { compiler, serving, clock, logger } = options;
  /** Which others the services of a site see, as far as that was looked at. */
  const seen = new Map<string, ReadonlySet<string>>();
  const due = new Set<string>(compiler.tables.keys());
  let running = false;
  let lastBegun = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  let wanted = false;
  let closed = false;

  async function round(): Promise<void> {
    wanted = false;
    running = true;
    lastBegun = clock.monotonic();
    let failed = false;
    const sites = [...due];
    due.clear();
    for (const site of sites) {
      const table = compiler.tables.get(site) ?? nothing;
      const told = compiler.beside(site);
      const apis = seenIn(site, table);
      const next = idleFor(apis, told, serving.idle);
      if (apis.size === 0) seen.delete(site);
      else seen.set(site, othersIn(apis));
      const writes = [...new Set([...told.keys(), ...next.keys()])]
        .filter((key) => JSON.stringify(told.get(key)) !== JSON.stringify(next.get(key)))
        .map((key) => ({ key, value: next.get(key) }));
      if (writes.length === 0) continue;
      try {
        await compiler.tellBeside(site, writes);
      } catch (err) {
        failed = true;
        due.add(site);
        logger.warn({ err, site }, 'a site could not be told who serves; trying again');
      }
    }
    running = false;
    if (failed) schedule(retryMs);
    else if (wanted) refresh();
  }

  function schedule(ms: number): void {
    if (closed || cancel) return;
    cancel = clock.after(ms, () => {
      cancel = undefined;
      void round();
    });
  }

  function refresh(): void {
    wanted = true;
    if (!running) schedule(Math.max(0, lastBegun + spacingMs - clock.monotonic()));
  }

  refresh();
  return {
    sees(site) {
      due.add(site);
      refresh();
    },
    serves(at) {
      for (const site of at === undefined ? compiler.tables.keys() : seen.keys()) {
        if (at === undefined || seen.get(site)?.has(at)) due.add(site);
      }
      if (due.size > 0) refresh();
    },
    close() {
      closed = true;
      cancel?.();
    },
  };
}

const nothing: ReadonlyMap<string, unknown> = new Map();

/** APIs that services of a site see, by tenant and name, with the other sites that serve them. */
type SeenApis = ReadonlyMap<
  string,
  ReadonlyMap<
    string,
    { readonly service: string; readonly major: number; readonly sites: ReadonlySet<string> }
  >
>;

/** What the services of a site see. Its own is left out, which its gateway knows better. */
export function seenIn(site: string, table: ReadonlyMap<string, unknown>): SeenApis {
  const seen = new Map<string, Map<string, { service: string; major: number; sites: Set<string> }>>();
  for (const [key, value] of table) {
    const parsed = parseCompiledKey(key);
    if (parsed?.kind !== 'see') continue;
    const ofTenant = seen.get(parsed.tenant) ?? new Map();
    seen.set(parsed.tenant, ofTenant);
    for (const { service, major, sites } of (value as VisibleApis).apis) {
      const name = apiName(service, major);
      const entry = ofTenant.get(name) ?? { service, major, sites: new Set() };
      ofTenant.set(name, entry);
      for (const at of sites) if (at !== site) entry.sites.add(at);
    }
  }
  return seen;
}

function othersIn(seen: SeenApis): Set<string> {
  const all = [...seen.values()].flatMap((apis) => [...apis.values()]);
  return new Set(all.flatMap(({ sites }) => [...sites]));
}

/**
 * The entries of one site, by key: of what its services see, the sites that have no healthy instance. What is not known
 * stays as it was told.
 */
export function idleFor(
  seen: SeenApis,
  told: ReadonlyMap<string, unknown>,
  idle: Serving['idle'],
): Map<string, IdleApis> {
  const entries = new Map<string, IdleApis>();
  for (const [tenant, apis] of seen) {
    const key = compiledKeys.idle(tenant);
    const before = (told.get(key) as IdleApis | undefined)?.apis ?? {};
    const now: IdleApis['apis'] = {};
    let bytes = 0;
    for (const [name, { service, major, sites }] of [...apis].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const idleAt = [...sites].sort().filter((at) => {
        const known = idle(tenant, service, major, at);
        return known ?? before[name]?.includes(at) === true;
      });
      if (idleAt.length === 0) continue;
      // What does not fit into one message is as if it were not known.
      bytes += Buffer.byteLength(JSON.stringify([name, idleAt]));
      if (bytes > maxValueBytes - 100) break;
      now[name] = idleAt;
    }
    if (Object.keys(now).length > 0) entries.set(key, { apis: now });
  }
  return entries;
}
