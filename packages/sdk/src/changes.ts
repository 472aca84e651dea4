import type { DiscoveredApi } from '@causeway/protocol';
import type { WatchEvent } from './types.ts';

/**
 * The events that lead from one list to the next, each API at most once: whoever applies them to the first has the
 * second.
 */
export function* changes(
  before: ReadonlyMap<string, DiscoveredApi>,
  now: ReadonlyMap<string, DiscoveredApi>,
  revision: number,
): Iterable<WatchEvent> {
  for (const [name, { service, major }] of before) {
    if (!now.has(name)) yield { event: 'withdrawn', service, major, revision };
  }
  for (const [name, api] of now) {
    const { service, major, deprecated } = api;
    const old = before.get(name);
    if (!old) yield { event: 'published', service, major, revision, api };
    else if (JSON.stringify(old) !== JSON.stringify(api)) {
      const isNews = deprecated && JSON.stringify(old.deprecated) !== JSON.stringify(deprecated);
      yield { event: isNews ? 'deprecated' : 'changed', service, major, revision, api };
    }
  }
}
