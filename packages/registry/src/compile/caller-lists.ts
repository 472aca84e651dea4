import { type CallerIndex, callerEntries, indexCallers } from '@causeway/policy';
import { compiledKeys, type ServedApi, type Service } from '@causeway/protocol';

/** What each site is told of who there is at the sites that it admits calls from, and that nobody else is a caller. */
export interface CallerLists {
  /** An identity came, went, or has no key any more. */
  identityChanged(): void;
  /** What the site must have under a key of its own table; undefined where it is no more. */
  served(site: string, key: string, api: ServedApi | undefined): void;
  /** Makes anew what that concerns; gives the keys that may be others now, by site. */
  refresh(sites: readonly string[]): Map<string, Set<string>>;
  value(site: string, key: string): unknown;
}

const nothing: ReadonlyMap<string, unknown> = new Map();

/** Creates it, for identities as they stand when it is refreshed. */
export function createCallerLists(identities: () => readonly Service[]): CallerLists {
  const apis = new Map<string, Map<string, ServedApi>>();
  const lists = new Map<string, ReadonlyMap<string, unknown>>();
  let index: CallerIndex | undefined;
  let everywhere = true;
  const due = new Set<string>();

  return {
    identityChanged() {
      index = undefined;
      everywhere = true;
    },
    served(site, key, api) {
      const ofSite = apis.get(site) ?? new Map<string, ServedApi>();
      apis.set(site, ofSite);
      if (api) ofSite.set(key, api);
      else ofSite.delete(key);
      due.add(site);
    },
    refresh(sites) {
      const touched = new Map<string, Set<string>>();
      const gone = [...lists.keys()].filter((site) => !sites.includes(site));
      const came = sites.filter((site) => !lists.has(site));
      for (const site of new Set([...(everywhere ? sites : [...due, ...came]), ...gone])) {
        const before = lists.get(site) ?? nothing;
        index ??= indexCallers(identities());
        const now: ReadonlyMap<string, unknown> = sites.includes(site)
          ? new Map<string, unknown>([
              ...callerEntries(apis.get(site) ?? nothing, site, index),
              [compiledKeys.callersListed, {}],
            ])
          : nothing;
        if (sites.includes(site)) lists.set(site, now);
        else lists.delete(site);
        touched.set(site, new Set([...before.keys(), ...now.keys()]));
      }
      due.clear();
      everywhere = false;
      return touched;
    },
    value: (site, key) => lists.get(site)?.get(key),
  };
}
