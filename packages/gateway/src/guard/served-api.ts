import { createRuleIndex, type RuleIndex } from '@causeway/policy';
import {
  defaultMaxReplyBytes,
  defaultMaxRequestBytes,
  type EndpointDescription,
  majorOf,
  type ServedApi,
} from '@causeway/protocol';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';

const addFormats = formatsPlugin as unknown as (ajv: Ajv2020) => void;

/** What the guard needs to know of one endpoint. */
export interface GuardedEndpoint {
  readonly name: string;
  readonly maxRequestBytes: number;
  readonly maxReplyBytes: number;
  /** Checks a parsed request; its `errors` say where the fault is. Compiled on first use. */
  readonly validate: () => ValidateFunction;
}

/** An API that this site serves, made ready to guard calls to it. Replaced whole when a new one is compiled. */
export interface GuardedApi {
  readonly tenant: string;
  readonly service: string;
  readonly major: number;
  readonly source: ServedApi;
  readonly rules: RuleIndex;
  readonly endpoints: ReadonlyMap<string, GuardedEndpoint>;
}

function guardEndpoint(ajv: () => Ajv2020, name: string, description: EndpointDescription): GuardedEndpoint {
  let compiled: ValidateFunction | undefined;
  return {
    name,
    maxRequestBytes: description.maxRequestBytes ?? defaultMaxRequestBytes,
    maxReplyBytes: description.maxReplyBytes ?? defaultMaxReplyBytes,
    validate() {
      compiled ??= ajv().compile(description.request);
      return compiled;
    },
  };
}

/** Makes an entry of the compiled tables ready for use. Schemas were checked by the registry. */
export function guardApi(source: ServedApi): GuardedApi {
  // One ajv for each API: a schema's $id means something inside its own manifest only.
  let instance: Ajv2020 | undefined;
  const ajv = () => {
    if (!instance) {
      instance = new Ajv2020({ allErrors: false, strict: false, logger: false });
      addFormats(instance);
    }
    return instance;
  };
  return {
    tenant: source.tenant,
    service: source.manifest.service,
    major: majorOf(source.manifest.version),
    source,
    rules: createRuleIndex(source.rules, Object.keys(source.manifest.endpoints)),
    endpoints: new Map(
      Object.entries(source.manifest.endpoints).map(([name, description]) => [
        name,
        guardEndpoint(ajv, name, description),
      ]),
    ),
  };
}
