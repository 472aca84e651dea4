import type { DocumentStore } from '../documents/store.ts';
import { currentAct } from './act-context.ts';
import type { Ledger } from './ledger.ts';

/** The documents, of which each change that an administrator asks for is recorded as his act. */
export function recordingStore(store: DocumentStore, ledger: Pick<Ledger, 'recording'>): DocumentStore {
  const put: DocumentStore['put'] = (documents, deleted = []) => {
    // Asked for here, not when the write’s turn has come: the context is that of whoever changes something.
    const act = currentAct();
    return store.put(documents, deleted, act && ledger.recording(act));
  };
  // What is read is read from the store itself: its members are getters.
  return Object.create(store, { put: { value: put } }) as DocumentStore;
}
