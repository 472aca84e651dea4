import {
  compileSchema,
  createRuleIndex,
  type RuleIndex,
  type ValueCheck,
  withShared,
} from '@causeway/policy';
import {
  defaultMaxReplyBytes,
  defaultMaxRequestBytes,
  type EndpointDescription,
  encodeDeprecation,
  type Manifest,
  majorOf,
  type ServedApi,
} from '@causeway/protocol';

/** What the guard needs to know of one endpoint. */
export interface GuardedEndpoint {
  readonly name: string;
  readonly maxRequestBytes: number;
  readonly maxReplyBytes: number;
  /** The fault of a parsed request, or undefined. */
  readonly requestFault: ValueCheck;
  /** The fault of a parsed reply, or undefined; absent where the manifest does not ask for the check. */
  readonly replyFault?: ValueCheck;
}

/** An API that this site serves, made ready to guard calls to it. Replaced whole when a new one is compiled. */
export interface GuardedApi {
  readonly tenant: string;
  readonly service: string;
  readonly major: number;
  readonly source: ServedApi;
  /** Value of the header that callers are told with; absent where the API is not deprecated. */
  readonly deprecation?: string;
  readonly rules: RuleIndex;
  readonly endpoints: ReadonlyMap<string, GuardedEndpoint>;
}

/** A check that is compiled when it is first needed: an API may have hundreds of endpoints that nobody calls. */
function lazyCheck(schema: EndpointDescription['request'], shared: Manifest['$defs']): ValueCheck {
  let check: ValueCheck | undefined;
  return (value) => {
    if (!check) {
      const compiled = compileSchema(withShared(schema, shared));
      // The registry checked it; where it cannot be compiled here nothing passes.
      check =
        compiled.value ??
        (() => ({ pointer: '', problem: 'cannot be checked: the schema does not compile' }));
    }
    return check(value);
  };
}

function guardEndpoint(
  name: string,
  description: EndpointDescription,
  shared: Manifest['$defs'],
): GuardedEndpoint {
  return {
    name,
    maxRequestBytes: description.maxRequestBytes ?? defaultMaxRequestBytes,
    maxReplyBytes: description.maxReplyBytes ?? defaultMaxReplyBytes,
    requestFault: lazyCheck(description.request, shared),
    ...(description.checkReply === true ? { replyFault: lazyCheck(description.reply, shared) } : {}),
  };
}

/** Makes an entry of the compiled tables ready for use. */
export function guardApi(source: ServedApi): GuardedApi {
  const { endpoints, service, version, deprecated, $defs } = source.manifest;
  const deprecation = deprecated && encodeDeprecation(deprecated);
  return {
    tenant: source.tenant,
    service,
    major: majorOf(version),
    source,
    ...(deprecation === undefined ? {} : { deprecation }),
    rules: createRuleIndex(source.rules, Object.keys(endpoints)),
    endpoints: new Map(
      Object.entries(endpoints).map(([name, description]) => [name, guardEndpoint(name, description, $defs)]),
    ),
  };
}
