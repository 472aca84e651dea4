const message = {
  type: 'object',
  required: ['n', 'text'],
  additionalProperties: false,
  properties: { n: { type: 'integer', minimum: 0 }, text: { type: 'string', maxLength: 4096 } },
} as const;

/** The API that is called: what it gets it gives back. */
export const echoManifest = {
  kind: 'api',
  service: 'bench-echo',
  version: '1.0.0',
  endpoints: { echo: { request: message, reply: message, idempotent: true } },
} as const;

const text = 'x'.repeat(128 - JSON.stringify({ n: 1_000_000, text: '' }).length);

/** The message of a call, 128 bytes as JSON. */
export function echoMessage(n: number) {
  return { n: 1_000_000 + (n % 1_000_000), text };
}

/** The same as bytes, for callers that know nothing of JSON. */
export const echoBytes: Uint8Array = new TextEncoder().encode(JSON.stringify(echoMessage(0)));
