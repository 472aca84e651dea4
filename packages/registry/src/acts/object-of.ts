const mostBytes = 1_100_000;
const tokens = /^[A-Za-z0-9.-]{1,127}$/;

/** What a request that was refused was about, as far as it says so in words that a name can hold; else nothing. */
export function objectOf(body: Uint8Array): string {
  if (body.length > mostBytes) return '';
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return '';
  }
  const { documents } = Object(value) as { documents?: unknown };
  const subject = Array.isArray(documents) ? documents[0] : value;
  const fields = Object(subject) as Record<string, unknown>;
  const words = ['kind', 'tenant', 'site', 'service', 'name'].flatMap((field) => {
    const word = Object.hasOwn(fields, field) ? fields[field] : undefined;
    return typeof word === 'string' && tokens.test(word) ? [word] : [];
  });
  return words.join('.');
}
