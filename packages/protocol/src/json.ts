const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A value as UTF-8 JSON. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** The value of UTF-8 JSON bytes. Throws a SyntaxError or TypeError where they are not. */
export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}

const [openObject, closeObject, openList, closeList, quote, backslash] = encoder.encode('{}[]"\\');

/**
 * True for JSON with more objects and lists inside each other than `levels`. The parser bears any number of them, but
 * whatever recurses over the value afterwards, `JSON.stringify` too, runs out of stack.
 */
export function isNestedDeeper(bytes: Uint8Array, levels: number): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === openObject || byte === openList) {
      depth += 1;
      if (depth > levels) return true;
    } else if (byte === closeObject || byte === closeList) depth -= 1;
  }
  return false;
}
