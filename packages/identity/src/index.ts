export {
  type AccountOptions,
  accountFault,
  issueAccount,
  reissueAccount,
  renewAccount,
  type SigningKeys,
  signingKeysOf,
  withRoomForSites,
} from './accounts.ts';
export {
  createIssuingCa,
  createServerKey,
  createServerRequest,
  issueRequested,
  readServerRequest,
  type ServerRequest,
} from './certificate-requests.ts';
export {
  type Certificate,
  type CertificateDescription,
  createCa,
  describeCertificate,
  issueServerCertificate,
  renewServerCertificate,
} from './certificates.ts';
export { type Claims, decodeJwt, type Issued } from './claims.ts';
export { type Creds, formatCreds, parseCreds } from './creds.ts';
export { readSecret, syncFolder, writeJwt, writeSecret } from './files.ts';
export {
  canonicalHost,
  createInvitationSecret,
  formatInvitation,
  hostFault,
  type InvitationToken,
  isInvitationProof,
  ownMachine,
  parseInvitation,
  proveInvitation,
} from './invitations.ts';
export { createKeys, isPublicKey, type KeyKind, type Keys, publicKeyOf } from './keys.ts';
export { type AccountLimits, accountLimits, type LimitsOptions, streamsDisk } from './limits.ts';
export { accountNames, gatewayFault, hubSite, siteFault, tenantFault } from './names.ts';
export { issueOperator, type OperatorOptions } from './operator.ts';
export { redactSecrets, secretPaths } from './redact.ts';
export { addRevocations, isRevoked, type Revocations, type Revoked } from './revoke.ts';
export { openSealed, type Sealed, sealFor, sealingKeys } from './sealed.ts';
export type { ConnectionType, RoleTemplate } from './templates/role-template.ts';
export {
  type AccountKind,
  expandRole,
  type RoleOf,
  roles,
  roleTemplate,
  type UserTags,
} from './templates/roles.ts';
export { invitationLifetime, issueUser, maxHosts, type UserOptions, userFault } from './users.ts';
