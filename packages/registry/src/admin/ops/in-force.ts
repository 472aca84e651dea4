import { CausewayError, type InForceReply } from '@causeway/protocol';
import { type Standings, standingSites } from '../../control/standings.ts';
import type { DocumentStore } from '../../documents/store.ts';
import { operation } from '../admin-desk.ts';

/** in-force: whether a revision is, at each site that it concerns; waits for receipts a while. */
export function inForceOperation({ store, standings }: { store: DocumentStore; standings: Standings }) {
  return operation({
    request: 'InForceRequest',
    async run({ revision, since = revision, wait = 0 }, by): Promise<InForceReply> {
      if (since > revision) {
        const reason = `since is ${since}, after revision ${revision}; expected that or an earlier one`;
        throw new CausewayError('INVALID_REQUEST', reason, { pointer: '/since' });
      }
      const sites = await standings.reached({ revision, since }, wait, () => standingSites(store, by.scope));
      return { revision, done: sites.every(({ state }) => state !== 'behind'), sites };
    },
  });
}
