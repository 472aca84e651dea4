import { CausewayError, majorOf, type ServedApi, type VisibleApis } from '@causeway/protocol';

/** Largest value of a key of `compiled` in bytes of JSON, so that it fits into one message with room to spare. */
export const maxValueBytes = 500_000;

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/**
 * A value that fits, or the value itself. No key may keep a site from all the others: of what a service may see,
 * first the schemas go and then what is too much; of an API that is served, the rules, so that nobody may call it.
 */
export function fitting(value: ServedApi | VisibleApis): ServedApi | VisibleApis {
  if (bytesOf(value) <= maxValueBytes) return value;
  return 'apis' in value ? fittingView(value) : { ...value, rules: [] };
}

function fittingView({ apis }: VisibleApis): VisibleApis {
  const bare = apis.map(({ $defs: _, ...api }) => ({
    ...api,
    endpoints: Object.fromEntries(
      Object.keys(api.endpoints).map((name) => [name, { request: true, reply: true }]),
    ),
  }));
  let bytes = 0;
  const first = bare.findIndex((api) => {
    bytes += bytesOf(api) + 1;
    return bytes > maxValueBytes - 100;
  });
  return { apis: first < 0 ? bare : bare.slice(0, first) };
}

/** Bytes that a value has as it is stored: what is too large is cut down first. */
export const sizeAsStored = (value: ServedApi | VisibleApis) => Math.min(bytesOf(value), maxValueBytes);

/** Throws PAYLOAD_TOO_LARGE where an API's entry at a site is larger than can be sent there. */
export function requireFittingValue(site: string, value: ServedApi | VisibleApis | undefined): void {
  // What is seen is cut down, and that is enough.
  if (value === undefined || 'apis' in value) return;
  const bytes = bytesOf(value);
  if (bytes <= maxValueBytes) return;
  const { service, version } = value.manifest;
  throw new CausewayError(
    'PAYLOAD_TOO_LARGE',
    `${service} v${majorOf(version)} with ${value.rules.length} policies that concern it has ${bytes} bytes at ` +
      `site ${site}; ${maxValueBytes} are taken: fewer policies, or shorter lists of endpoints`,
  );
}
