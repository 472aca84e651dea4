import { maxBatchMessages } from '@causeway/nats-server';

/** Sites that are written at once. */
const sitesAtOnce = 8;

/**
 * The sites in groups that are written at once. What takes several batches has its sequences follow on each other only
 * where nobody else writes meanwhile.
 */
export function inGroups(pending: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const groups: string[][] = [];
  let group: string[] = [];
  for (const [site, keys] of pending) {
    if (keys.size >= maxBatchMessages) groups.push([site]);
    else if (group.push(site) === sitesAtOnce) {
      groups.push(group);
      group = [];
    }
  }
  return group.length > 0 ? [...groups, group] : groups;
}
