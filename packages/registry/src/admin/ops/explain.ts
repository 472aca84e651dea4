import { explain } from '@causeway/policy';
import type { DocumentStore } from '../../documents/store.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** explain: the decision on a call, by the code that decides calls. */
export function explainOperation(options: { store: DocumentStore }) {
  return operation({
    request: 'ExplainRequest',
    run(request, by) {
      requireScope(by, request.tenant);
      return explain(options.store.all, request);
    },
  });
}
