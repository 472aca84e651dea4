export { type ServerSettings, serverEnvironment } from './config/environment.ts';
export { freePorts, isPortFree } from './config/ports.ts';
export {
  natsConfigFolder,
  preloadAccount,
  prepareServerFolder,
  type ServerFolder,
  type ServerKind,
} from './config/prepare.ts';
export { type LeafRemote, readRemotes, remotesConf } from './config/remotes.ts';
export { type ConfValue, confString, toConf } from './config/to-conf.ts';
export {
  defaultCacheDir,
  type FindOptions,
  type FoundNatsServer,
  findNatsServer,
  MINIMUM_VERSION,
  NatsServerNotFoundError,
  PINNED_VERSION,
  type ReleaseSource,
} from './find/index.ts';
export { NatsServerStartError, type StartFault } from './process/errors.ts';
export { type RunningServer, type ServerExit, type StartOptions, startNatsServer } from './process/server.ts';
export {
  type SupervisedServer,
  type SuperviseOptions,
  type SupervisorEvent,
  superviseServer,
} from './process/supervise.ts';
export { type BatchMessage, maxBatchMessages, publishBatch } from './streams/batch.ts';
export {
  type ConsumerShape,
  defaultStreamLimits,
  readerConsumer,
  reservedBytes,
  type StreamLimits,
  type StreamShape,
} from './streams/config.ts';
export { type Delivery, parseDelivery } from './streams/delivery.ts';
export { ensureConsumer, ensureStream, removeConsumer } from './streams/ensure.ts';
export { type ConsoleAssets, ensureHub, ensureOps, type HubAssets, hubStreams } from './streams/hub.ts';
export {
  apiPrefixOf,
  auditStream,
  cloudSite,
  collector,
  collectPrefix,
  flowStream,
  streamNames,
} from './streams/names.ts';
export {
  type ChainName,
  type Confirmed,
  type Purged,
  type PurgeOptions,
  purgeConfirmed,
  startPurging,
} from './streams/purge.ts';
export { type ReadOptions, readFromStart, type StreamMessage, type StreamReader } from './streams/read.ts';
export { ConsumerResetError, consumerReset, type ResetReply } from './streams/reset.ts';
export { ensureSite, type SiteAssets, siteStreams } from './streams/site.ts';
