import type { Clock } from '@causeway/protocol';
import { readJson } from '../recovery/trusted-keys.ts';
import type { SiteSettings } from '../settings.ts';

const pollMs = 100;
const patienceMs = 15_000;

/** How many leaf links a site's server has to the hub, by its own monitor page; undefined where that does not answer. */
async function linksOf(site: SiteSettings): Promise<number | undefined> {
  const page = (await readJson(`http://127.0.0.1:${site.ports.monitor}/leafz`)) as
    | { leafnodes?: unknown }
    | undefined;
  return typeof page?.leafnodes === 'number' ? page.leafnodes : undefined;
}

/** Links that an edge has to the hub when all is well: its own, and one for each tenant. */
export const linksWanted = ({ tenants }: Pick<SiteSettings, 'tenants'>): number => tenants.length + 1;

/** Waits for a site's links to the hub; false where they are not there in time: a site can do without for a while. */
export async function waitUntilLinked(site: SiteSettings, clock: Clock): Promise<boolean> {
  const end = clock.monotonic() + patienceMs;
  for (;;) {
    if (((await linksOf(site)) ?? 0) >= linksWanted(site)) return true;
    if (clock.monotonic() > end) return false;
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
}
