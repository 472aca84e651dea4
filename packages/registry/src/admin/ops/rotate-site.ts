import type { RotateSiteReply } from '@causeway/protocol';
import type { DocumentStore } from '../../documents/store.ts';
import type { Rekeying } from '../../identities/rekeying.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** rotate-site: asks a site to replace the keys of its gateway or of its links, which it does by itself. */
export function rotateSiteOperation(options: { store: Pick<DocumentStore, 'revision'>; rekeying: Rekeying }) {
  const { store, rekeying } = options;
  return operation({
    request: 'RotateSiteRequest',
    async run({ site, role }, by): Promise<RotateSiteReply> {
      requireScope(by, 'any');
      const id = await rekeying.ask(site, role);
      return { revision: store.revision, id };
    },
  });
}
