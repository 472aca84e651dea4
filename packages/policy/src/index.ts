export { type AccessChanges, accessChanges } from './access-changes.ts';
export { canonicalJson } from './canonical-json.ts';
export { checkManifest } from './check-manifest.ts';
export { checkPolicy } from './check-policy.ts';
export {
  type Comparison,
  compareManifests,
  type ManifestDifference,
  sameContract,
  withStanding,
} from './compare-manifests.ts';
export { compile, compileSite, nextEdge, type QueueKey, type QueueNames, type SiteTable } from './compile.ts';
export { type CallerIndex, callerEntries, indexCallers } from './compile-callers.ts';
export {
  type Allowed,
  type Caller,
  type Decision,
  type Denied,
  decide,
  type PolicyLimits,
} from './decide.ts';
export { diffTables, type TableChanges } from './diff-tables.ts';
export type { ApiDocument, Documents, PolicyDocument } from './documents.ts';
export { explain } from './explain.ts';
export { compileSchema, type ValueCheck } from './json-schema/compile-schema.ts';
export { withShared } from './json-schema/shared-definitions.ts';
export { type ConcurrencyLimit, createConcurrencyLimit } from './limits/concurrency.ts';
export { createLimiter, type Limiter, type LimitRefusal } from './limits/limiter.ts';
export { createLimiterPool, type LimiterPool, type PooledLimiter } from './limits/limiter-pool.ts';
export {
  isUsedAt,
  type QuotaUnit,
  type QuotaWindow,
  quotaAmounts,
  quotaWindowMs,
  quotaWindowStart,
} from './limits/quota.ts';
export { createTokenBucket, type TokenBucket, type TokenBucketOptions } from './limits/token-bucket.ts';
export {
  createLiveTables,
  type LiveChange,
  type LiveDocument,
  type LiveTables,
} from './live/live-tables.ts';
export { sameValue } from './live/same-value.ts';
export { longestLease } from './longest-lease.ts';
export { didYouMean, nearest } from './nearest.ts';
export { createRuleIndex, type RuleIndex } from './rule-index.ts';
export { shortJson } from './short-json.ts';
export { type PolicyWarning, policyWarnings } from './warnings.ts';
