/** What a NATS configuration file can hold; members that are undefined are left out. */
export type ConfValue =
  | string
  | number
  | boolean
  | readonly ConfValue[]
  | { readonly [key: string]: ConfValue | undefined };

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/**
 * A string as the NATS configuration language reads it. Always quoted: a bare word may turn out to be a
 * number, a size, a date or a variable. Throws a RangeError for other control characters.
 */
export function confString(text: string): string {
  const escaped = text.replace(/["\\\n\r\t]/g, (character) => escapes[character] as string);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  if (/[\u0000-\u001f\u007f]/.test(escaped)) {
    throw new RangeError(`${JSON.stringify(text)} holds a control character; a server configuration cannot`);
  }
  return `"${escaped}"`;
}

function value(item: ConfValue, indent: string): string {
  if (typeof item === 'string') return confString(item);
  if (typeof item === 'number') {
    if (!Number.isSafeInteger(item)) throw new RangeError(`${item} is no whole number`);
    return String(item);
  }
  if (typeof item === 'boolean') return String(item);
  const inner = `${indent}  `;
  if (Array.isArray(item)) {
    if (item.length === 0) return '[]';
    return `[\n${item.map((entry: ConfValue) => `${inner}${value(entry, inner)}\n`).join('')}${indent}]`;
  }
  const text = members(item as Readonly<Record<string, ConfValue | undefined>>, inner);
  return text === '' ? '{}' : `{\n${text}${indent}}`;
}

function members(record: Readonly<Record<string, ConfValue | undefined>>, indent: string): string {
  let text = '';
  for (const [key, item] of Object.entries(record)) {
    if (item === undefined) continue;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
      throw new RangeError(`${JSON.stringify(key)} is no key of a server configuration`);
    }
    text += `${indent}${key}: ${value(item, indent)}\n`;
  }
  return text;
}

/**
 * A JavaScript object as a NATS configuration file. Throws a RangeError for what the language cannot say:
 * keys other than words, fractions, control characters.
 */
export function toConf(record: Readonly<Record<string, ConfValue | undefined>>): string {
  return members(record, '');
}
