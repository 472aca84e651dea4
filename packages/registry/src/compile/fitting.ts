import {
  CausewayError,
  callerShard,
  type KnownCallers,
  majorOf,
  type ServedApi,
  type Service,
  type VisibleApis,
} from '@causeway/protocol';

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

/** What a service may see, without the schemas. */
export function bareView({ apis }: VisibleApis): VisibleApis {
  const bare = apis.map(({ $defs: _, ...api }) => ({
    ...api,
    endpoints: Object.fromEntries(
      Object.keys(api.endpoints).map((name) => [name, { request: true, reply: true }]),
    ),
  }));
  return { apis: bare };
}

function fittingView(view: VisibleApis): VisibleApis {
  const { apis: bare } = bareView(view);
  let bytes = 0;
  const first = bare.findIndex((api) => {
    bytes += bytesOf(api) + 1;
    return bytes > maxValueBytes - 100;
  });
  return { apis: first < 0 ? bare : bare.slice(0, first) };
}

/** Bytes that a value has as it is stored: what is too large is cut down first. */
export const sizeAsStored = (value: ServedApi | VisibleApis | KnownCallers) =>
  Math.min(bytesOf(value), maxValueBytes);

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

/** Bytes that the name of an identity adds to what a site is told of callers, with its quotes and comma. */
export const callerBytes = (name: string) => name.length + 3;

/** Callers that fit into one message: of too many the last are not known, and so they may not call. */
export function fittingCallers(callers: KnownCallers): KnownCallers {
  if (bytesOf(callers) <= maxValueBytes) return callers;
  let bytes = 100;
  const fits = (name: string) => {
    bytes += callerBytes(name);
    return bytes <= maxValueBytes;
  };
  const names = callers.names.filter(fits);
  const revoked = callers.revoked?.filter(fits) ?? [];
  return { names, ...(revoked.length > 0 ? { revoked } : {}) };
}

/** Throws PAYLOAD_TOO_LARGE where one more identity makes too many of those that are told of together. */
export function requireFittingCallers(services: readonly Service[], { tenant, site, name }: Service): void {
  const shard = callerShard(name);
  let bytes = 100 + callerBytes(name);
  for (const each of services) {
    if (each.tenant !== tenant || each.site !== site || callerShard(each.name) !== shard) continue;
    bytes += callerBytes(each.name);
  }
  if (bytes <= maxValueBytes) return;
  throw new CausewayError(
    'PAYLOAD_TOO_LARGE',
    `tenant ${tenant} has as many identities at site ${site} as other sites can be told of`,
  );
}
