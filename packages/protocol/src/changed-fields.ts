import { escapePointer } from './validate.ts';

/** A field that is other than it was; values as JSON, cut short where they are long. */
export interface ChangedField {
  readonly pointer: string;
  /** Absent where the field was not there. */
  readonly before?: string;
  /** Absent where it is no more. */
  readonly after?: string;
}

/** Fields that are listed at most, and characters of each value. */
const mostFields = 50;
const mostShown = 200;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What is other in a document than before, as JSON pointers (RFC 6901) of the innermost fields; lists are compared as a
 * whole. The order of fields says nothing. Of a document that is new, or gone, there is none.
 */
export function changedFields(before: unknown, after: unknown): ChangedField[] {
  const found: ChangedField[] = [];
  if (isObject(before) && isObject(after)) compare(before, after, '', found);
  return found;
}

function compare(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  at: string,
  found: ChangedField[],
): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (found.length >= mostFields) return;
    const [old, now] = [own(before, name), own(after, name)];
    const pointer = `${at}/${escapePointer(name)}`;
    if (isObject(old) && isObject(now)) compare(old, now, pointer, found);
    else if (!isSame(old, now)) found.push({ pointer, ...said('before', old), ...said('after', now) });
  }
}

const own = (object: Record<string, unknown>, name: string) =>
  Object.hasOwn(object, name) ? object[name] : undefined;

function said<K extends 'before' | 'after'>(name: K, value: unknown): { [each in K]?: string } {
  if (value === undefined) return {};
  const text = JSON.stringify(value);
  const short = text.length <= mostShown ? text : `${text.slice(0, mostShown)}…`;
  return { [name]: short } as { [each in K]?: string };
}

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const found: ChangedField[] = [];
  compare(a, b, '', found);
  return found.length === 0;
}
