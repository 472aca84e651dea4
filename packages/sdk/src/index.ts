export { CausewayError, type DiscoveredApi, type ErrorCode, type Manifest } from '@causeway/protocol';
export { type ApiEndpoint, type Causeway, type CausewayStatus, connect } from './causeway.ts';
export type { DiscoverOptions } from './discovery.ts';
export type { ConnectOptions } from './options.ts';
export type { ServeOptions, Serving, ServingCounts } from './serving.ts';
export type {
  CallContext,
  CallOptions,
  Client,
  DeprecatedApi,
  Handlers,
  Identity,
  MajorOf,
  ManifestOf,
  ValueOf,
  WatchEvent,
} from './types.ts';
