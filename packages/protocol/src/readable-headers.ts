/** What is looked at of a message of the NATS client; `headers` are decoded when they are first read. */
export interface HeadedMessage {
  readonly subject: string;
  readonly reply?: string | undefined;
  readonly data: Uint8Array;
  readonly headers?: unknown;
}

/** The longest headers that are read, in bytes. The longest of Causeway's own, of a block, have some kilobytes. */
const maxHeaderBytes = 16_384;

/** The most header lines that are read; no message of Causeway's has more than a dozen. */
export const maxHeaderLines = 128;

/** No shorter message can have too many lines: a header is `a:` and a line break at the least. */
const alwaysModest = maxHeaderLines * 4;
const lineFeed = 10;

/**
 * Length in bytes of subject, reply, headers and body as the wire gave them; infinite for what is no message of the
 * client's. Nothing is decoded.
 */
export function messageBytes(message: HeadedMessage): number {
  // The client's messages have it (nats.js 3.4); their type does not show it.
  const { size } = message as { size?: () => number };
  return size === undefined ? Number.POSITIVE_INFINITY : size.call(message);
}

/**
 * True where decoding the headers of a message takes a moment at most. The client compares each header with all
 * before it (nats.js 3.4), so that its time grows with the square of their number: 40,000 headers, which fit into a
 * quarter of a megabyte, keep a process busy for 17 s, and those that fit into 16 KiB for 0.15 s. Nothing is decoded
 * here: how long the headers are follows from the message's size, and they lie right before its body.
 */
export function hasModestHeaders(message: HeadedMessage): boolean {
  const size = messageBytes(message);
  if (size <= alwaysModest) return true;
  const { subject, reply = '', data } = message;
  // Too much where subject or reply are not ASCII, for they count more bytes than characters; never too little.
  const bytes = size - subject.length - reply.length - data.length;
  if (bytes <= alwaysModest) return true;
  if (bytes > maxHeaderBytes) return false;
  const start = Math.max(0, data.byteOffset - bytes);
  const block = new Uint8Array(data.buffer, start, data.byteOffset - start);
  let lines = 0;
  for (let at = block.indexOf(lineFeed); at >= 0; at = block.indexOf(lineFeed, at + 1)) lines += 1;
  // The first line is the version, the last is empty.
  return lines - 2 <= maxHeaderLines;
}

/**
 * False for a message whose headers are malformed (reading them would throw), or so many that reading them would
 * stop the process for a while. Whoever receives what others send asks this before touching `headers`.
 */
export function hasReadableHeaders(message: HeadedMessage): boolean {
  if (!hasModestHeaders(message)) return false;
  try {
    // Decoded once and kept by the message.
    void message.headers;
    return true;
  } catch {
    return false;
  }
}
