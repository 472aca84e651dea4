export { hasReadableHeaders } from '@causeway/protocol';
export { type AnswerMux, type AnswerRequest, type AnswerResult, createAnswerMux } from './answer-mux.ts';
export type { CredentialsSource } from './authenticator.ts';
export { type BackoffBounds, backoffDelay } from './backoff.ts';
export { type ConnectNatsOptions, connectNats } from './connect.ts';
export {
  type Credentials,
  credentialsOf,
  type JwtAndSeed,
  parseCreds,
  readCreds,
  siteOf,
  tagOf,
} from './creds.ts';
export { createHubClock, type HubClock, type HubObservation } from './deadline.ts';
export { type HeaderFields, headerBlock, headerBytes } from './header-block.ts';
export { createLogger, type LoggerOptions, maskSecrets } from './logger.ts';
export { createMovable, type MovableConnection, type PlainConnection } from './movable.ts';
export { createReplyMux, type MuxRequestOptions, type ReplyMux, type ReplyMuxOptions } from './mux.ts';
export { MuxError, type MuxFault, type MuxOutcome } from './mux-core.ts';
export {
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  permissionViolation,
  type Status,
} from './nats-types.ts';
export { type ProgramParts, runProgram, tellParent } from './program.ts';
export { type LogRate, rateLimitedLogger } from './rate-limited-logger.ts';
export { createSigner, type Signer, verifySignature } from './signer.ts';
export { systemClock, systemRandom } from './system.ts';
export { createTokens } from './tokens.ts';
