export { apiName, majorOf, parseApiEndpoint } from './api-name.ts';
export { deprecationTime, encodeDeprecation, parseDeprecation } from './deprecation.ts';
export {
  CausewayError,
  type ErrorCode,
  type ErrorDetails,
  type ErrorEntry,
  errorTable,
  isErrorCode,
} from './errors.ts';
export type {
  AccountDocument,
  AddTenantReply,
  AdminRecord,
  Announcement,
  ApplyReply,
  ApplyRequest,
  AuditRecord,
  BeatReply,
  BeatRequest,
  BreakingDifference,
  CompiledReply,
  CompiledRequest,
  ConsoleReply,
  ConsoleRequest,
  DeleteReply,
  DeleteRequest,
  Deprecation,
  DiscoveredApi,
  DiscoverReply,
  DiscoverRequest,
  EndpointDescription,
  ExplainReply,
  ExplainRequest,
  GetReply,
  GetRequest,
  IssueReply,
  IssueRequest,
  KnownCallers,
  Labels,
  LeaseReply,
  Manifest,
  Messages,
  NoRouteReport,
  Notification,
  Policy,
  PublishReply,
  PublishRequest,
  Receipt,
  Refusal,
  RegisterRequest,
  Rekey,
  RekeyReply,
  RekeyRequest,
  RemoveTenantReply,
  RenewRequest,
  RevocationReceipt,
  RevokeReply,
  RevokeRequest,
  RevokeSiteReply,
  RotateServiceReply,
  RotateServiceRequest,
  RotateSigningReply,
  RotateSigningRequest,
  RotateSiteReply,
  Rule,
  ServedApi,
  Service,
  Site,
  StatusReply,
  TenantKeys,
  VisibleApis,
} from './generated/types.ts';
export {
  createHandshake,
  type Handshake,
  oldestProtocol,
  protocolVersion,
  requireProtocol,
} from './handshake.ts';
export {
  blockHeaders,
  defaultMaxReplyBytes,
  defaultMaxRequestBytes,
  headers,
  throughHeader,
} from './headers.ts';
export { decodeJson, encodeJson } from './json.ts';
export type { Clock, Logger, Random } from './ports.ts';
export {
  type HeadedMessage,
  hasModestHeaders,
  hasReadableHeaders,
  messageBytes,
} from './readable-headers.ts';
export { readReply } from './reply.ts';
export { type CallFields, type SubjectKind, subjects } from './subjects/grammar.ts';
export {
  buckets,
  type CompiledKey,
  callerShard,
  compiledKeys,
  documentKeys,
  parseCompiledKey,
} from './subjects/keys.ts';
export { type Fields, type SubjectTemplate, subject } from './subjects/template.ts';
export { isEndpoint, isName, isToken, nameFault, reservedNames, type TokenKind } from './subjects/tokens.ts';
export { check, escapePointer, type Fault, faultOf, type Parsed, parseMessage } from './validate.ts';
