/**
 * A value as JSON, at most so many characters of it, then "...". The work grows with what is shown, not with the value:
 * a difference may hold a whole schema, and a list of them the same one many times.
 */
export function shortJson(value: unknown, most: number): string {
  const text = beginning(value, most + 1);
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

/** JSON up to about so many characters; whole where it is shorter. */
function beginning(value: unknown, most: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, most));
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'nothing';
  const isList = Array.isArray(value);
  let text = isList ? '[' : '{';
  let first = true;
  for (const name in value) {
    if (text.length >= most) return text;
    const field = (value as Record<string, unknown>)[name];
    if (field === undefined) continue;
    if (!first) text += ',';
    first = false;
    if (!isList) text += `${JSON.stringify(name.slice(0, most))}:`;
    text += beginning(field, most - text.length);
  }
  return text + (isList ? ']' : '}');
}
