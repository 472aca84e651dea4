import type { RotateSigningReply } from '@causeway/protocol';
import type { DocumentStore } from '../../documents/store.ts';
import type { Signing } from '../../identities/signing.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** rotate-signing: replaces the keys that sign an account's users, a step at a time. */
export function rotateSigningOperation(options: {
  store: Pick<DocumentStore, 'revision'>;
  signing: Signing;
}) {
  const { store, signing } = options;
  return operation({
    request: 'RotateSigningRequest',
    async run(request, by): Promise<RotateSigningReply> {
      requireScope(by, 'any');
      const reply = await signing.rotate(request);
      return { revision: store.revision, ...reply };
    },
  });
}
