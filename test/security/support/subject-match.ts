/**
 * True where every subject that `subject` stands for is matched by `pattern`, as NATS checks a subscription
 * against an allow list: `*` in the subject is covered by `*` or `>`, never by a word.
 */
export function covers(pattern: string, subject: string): boolean {
  const [allowed, asked] = [pattern.split('.'), subject.split('.')];
  for (const [index, token] of allowed.entries()) {
    const other = asked[index];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (other === '>') return false;
    if (token !== '*' && token !== other) return false;
  }
  return allowed.length === asked.length;
}

/** A subject without wildcards that a subscription to `pattern` would hear. */
export function instanceOf(pattern: string): string {
  return pattern
    .split('.')
    .map((token) => (token === '*' ? 'matrix' : token === '>' ? 'matrix.matrix' : token))
    .join('.');
}
