/** Whether a pattern has a `*`, so that it may mean several names. */
export function isGlob(pattern: string): boolean {
  return pattern.includes('*');
}

/**
 * Whether a name fits a pattern, in which each `*` stands for any number of characters, also none. Nothing is tried
 * twice: the first and the last part stand at the ends, each part between is taken where it comes first. So the work
 * grows with the length of the name, and no pattern can make it more.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  if (!isGlob(pattern)) return false;
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (name.length < first.length + last.length) return false;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Whether an identity bears every label that a selector names, with a value that fits. */
export function matchesLabels(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(selector).every(([key, pattern]) => {
    const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
    return value !== undefined && matchesGlob(pattern, value);
  });
}
