import type { Fault } from '@causeway/protocol';

/** Enough to know one's own words again. */
const mostShown = 40;

/**
 * The fault of a document with what stands at its place: "must be string, got 3". For documents alone, which their
 * writer may read anyway; never for the payload of a call.
 */
export function withGot(fault: Fault, document: unknown): Fault {
  if (!fault.problem.startsWith('must ')) return fault;
  const got = JSON.stringify(valueAt(document, fault.pointer));
  if (got === undefined) return fault;
  const shown = got.length > mostShown ? `${got.slice(0, mostShown)}…` : got;
  return { ...fault, problem: `${fault.problem}, got ${shown}` };
}

/** The value that a JSON pointer (RFC 6901) names. */
function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
