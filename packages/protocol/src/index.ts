export { withoutAddresses } from './addresses.ts';
export { apiName, majorOf, parseApiEndpoint } from './api-name.ts';
export { type ChangedField, changedFields } from './changed-fields.ts';
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
  AdminRecord,
  Announcement,
  ApplyReply,
  ApplyRequest,
  AuditRecord,
  BeatReply,
  BeatRequest,
  BreakingDifference,
  CertificateReply,
  CertificateRequest,
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
  Enrolled,
  EnrollReply,
  EnrollRequest,
  ExplainReply,
  ExplainRequest,
  GetReply,
  GetRequest,
  IdleApis,
  InForceReply,
  InForceRequest,
  Invitation,
  InviteReply,
  InviteRequest,
  IssueReply,
  IssueRequest,
  Labels,
  LeaseReply,
  Manifest,
  Messages,
  NoRouteReport,
  Notification,
  Policy,
  PublishReply,
  PublishRequest,
  Quota,
  QuotaReply,
  QuotaRequest,
  Receipt,
  Refusal,
  RegisterRequest,
  RenewRequest,
  RevokeReply,
  RevokeRequest,
  RevokeSiteReply,
  Route,
  Rule,
  ServedApi,
  Service,
  Site,
  StatusReply,
  UninviteReply,
  VisibleApis,
  Windows,
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
  compiledKeys,
  documentKeys,
  parseCompiledKey,
} from './subjects/keys.ts';
export { type Fields, type SubjectTemplate, subject } from './subjects/template.ts';
export { isEndpoint, isName, isToken, nameFault, reservedNames, type TokenKind } from './subjects/tokens.ts';
export { check, escapePointer, type Fault, faultOf, type Parsed, parseMessage } from './validate.ts';
