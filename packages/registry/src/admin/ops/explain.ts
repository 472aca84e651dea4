import { checkPolicy, explain, type PolicyDocument } from '@causeway/policy';
import { CausewayError, type Clock } from '@causeway/protocol';
import type { DocumentStore } from '../../documents/store.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** A policy that is to be tried, of the tenant that the question is about. */
function tried(document: Record<string, unknown>, tenant: string, index: number): PolicyDocument {
  const parsed = checkPolicy({ ...document, tenant: document.tenant ?? tenant });
  const at = `/policies/${index}`;
  if (parsed.fault) {
    const { pointer, problem } = parsed.fault;
    throw new CausewayError('INVALID_REQUEST', `${at}${pointer} ${problem}`, { pointer: at + pointer });
  }
  if (parsed.value.tenant === tenant) return { ...parsed.value, tenant };
  const reason = `${at}/tenant is ${parsed.value.tenant}; the call is one of ${tenant}`;
  throw new CausewayError('INVALID_REQUEST', reason, { pointer: `${at}/tenant` });
}

/** explain: the decision on a call, by the code that decides calls; also as it would be with other policies. */
export function explainOperation(options: { store: DocumentStore; clock: Clock }) {
  return operation({
    request: 'ExplainRequest',
    run(request, by) {
      requireScope(by, request.tenant);
      const { policies = [], ...call } = request;
      const documents = policies.map((each, index) => tried(each, request.tenant, index));
      return explain(options.store.all, call, options.clock.now(), documents);
    },
  });
}
