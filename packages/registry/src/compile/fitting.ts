import { type ApiDocument, compile, type Documents, type PolicyDocument } from '@causeway/policy';
import {
  CausewayError,
  documentKeys,
  majorOf,
  type ServedApi,
  type Service,
  type VisibleApis,
} from '@causeway/protocol';
import { type CompiledShare, compiledShare, requireShare, sizesByTenant } from './compiled-share.ts';

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

/** As long as the registry's own. */
const someQueueName = () => 'x'.repeat(27);

/**
 * Throws PAYLOAD_TOO_LARGE where these changes would make an API's entry at a site larger than can be sent there:
 * its manifest, and one rule for each policy that concerns it; or what all sites must be told of a tenant more than its
 * share.
 */
export function requireFitting(
  standing: Documents,
  changes: readonly (ApiDocument | PolicyDocument | Service)[],
  share: CompiledShare = compiledShare(standing.sites),
): void {
  const tenants = new Set(changes.map(({ tenant }) => tenant));
  const ofTenants = <T extends { tenant?: string | undefined }>(documents: readonly T[]) =>
    documents.filter(({ tenant }) => tenants.has(tenant ?? ''));
  const tablesOf = ({ sites, services, apis, policies }: Documents) =>
    compile(
      { sites, services: ofTenants(services), apis: ofTenants(apis), policies: ofTenants(policies) },
      someQueueName,
      0,
    );
  const tables = tablesOf(overlay(standing, changes));
  const sizes = new Map<object, number>();
  const sizeOf = (value: ServedApi | VisibleApis) => {
    const known = sizes.get(value) ?? bytesOf(value);
    sizes.set(value, known);
    return known;
  };
  const stored = (value: ServedApi | VisibleApis) => Math.min(sizeOf(value), maxValueBytes);
  for (const [site, table] of tables) {
    for (const value of table.values()) {
      if ('apis' in value) continue;
      const bytes = sizeOf(value);
      if (bytes <= maxValueBytes) continue;
      const { service, version } = value.manifest;
      throw new CausewayError(
        'PAYLOAD_TOO_LARGE',
        `${service} v${majorOf(version)} with ${value.rules.length} policies that concern it has ${bytes} bytes at ` +
          `site ${site}; ${maxValueBytes} are taken: fewer policies, or shorter lists of endpoints`,
      );
    }
  }
  requireShare(sizesByTenant(tables, stored), () => sizesByTenant(tablesOf(standing), stored), share);
}

/** The documents as they stand after these changes. */
export function overlay(
  standing: Documents,
  changes: readonly (ApiDocument | PolicyDocument | Service)[],
): Documents {
  const services = new Map(standing.services.map((each) => [serviceKey(each), each]));
  const apis = new Map(standing.apis.map((each) => [apiKey(each), each]));
  const policies = new Map(standing.policies.map((each) => [policyKey(each), each]));
  for (const change of changes) {
    if (change.kind === 'service') services.set(serviceKey(change), change);
    else if (change.kind === 'api') apis.set(apiKey(change), change);
    else policies.set(policyKey(change), change);
  }
  return {
    sites: standing.sites,
    services: [...services.values()],
    apis: [...apis.values()],
    policies: [...policies.values()],
  };
}

const serviceKey = ({ tenant, site, name }: Service) => documentKeys.service(tenant, site, name);
const apiKey = ({ tenant, service, version }: ApiDocument) =>
  documentKeys.api(tenant, service, majorOf(version));
const policyKey = ({ tenant, name }: PolicyDocument) => documentKeys.policy(tenant, name);
