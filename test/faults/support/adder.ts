/** The API of every service of these scenarios. */
export const adder = (service: string) =>
  ({
    kind: 'api',
    service,
    version: '1.0.0',
    endpoints: { add: { request: { type: 'integer' }, reply: { type: 'integer' }, idempotent: true } },
  }) as const;
