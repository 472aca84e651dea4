export { NatsServerNotFoundError } from './errors.ts';
export { type FindOptions, type FoundNatsServer, findNatsServer } from './find-nats-server.ts';
export { defaultCacheDir } from './locations.ts';
export type { ReleaseSource } from './release.ts';
export { MINIMUM_VERSION, PINNED_VERSION } from './version.ts';
