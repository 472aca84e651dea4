import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as protocol from '@causeway/protocol';
import * as sdk from '@causeway/sdk';
import { expect, it } from 'vitest';
import { root } from '../support/source-files.ts';

/** The names that an index exports; types, which leave no trace at run time, with `type` before them. */
async function exportsOf(name: string): Promise<string[]> {
  const text = await readFile(join(root, 'packages', name, 'src/index.ts'), 'utf8');
  const lists = text.matchAll(/^export (type )?\{([^}]*)\}/gm);
  return [...lists]
    .flatMap(([, type = '', list = '']) =>
      list
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== '')
        .map((each) => (each.startsWith('type ') ? each : `${type}${each}`)),
    )
    .sort();
}

/** What others build on: a name that goes is a breaking change, a name that comes has to be kept. */
it('public exports - @causeway/sdk', async () => {
  const names = await exportsOf('sdk');
  expect(names.filter((name) => !name.startsWith('type '))).toEqual(Object.keys(sdk).sort());
  expect(names).toMatchInlineSnapshot(`
    [
      "CausewayError",
      "connect",
      "type ApiEndpoint",
      "type CallContext",
      "type CallOptions",
      "type Causeway",
      "type CausewayStatus",
      "type Client",
      "type ConnectOptions",
      "type DeprecatedApi",
      "type DiscoverOptions",
      "type DiscoveredApi",
      "type ErrorCode",
      "type Handlers",
      "type Identity",
      "type MajorOf",
      "type Manifest",
      "type ManifestOf",
      "type ServeOptions",
      "type Serving",
      "type ServingCounts",
      "type ValueOf",
      "type WatchEvent",
    ]
  `);
});

it('public exports - @causeway/protocol', async () => {
  const names = await exportsOf('protocol');
  expect(names.filter((name) => !name.startsWith('type '))).toEqual(Object.keys(protocol).sort());
  expect(names).toMatchInlineSnapshot(`
    [
      "CausewayError",
      "apiName",
      "blockHeaders",
      "buckets",
      "changedFields",
      "callerShard",
      "check",
      "compiledKeys",
      "createHandshake",
      "decodeJson",
      "defaultMaxReplyBytes",
      "defaultMaxRequestBytes",
      "deprecationTime",
      "documentKeys",
      "encodeDeprecation",
      "encodeJson",
      "errorTable",
      "escapePointer",
      "faultOf",
      "hasModestHeaders",
      "hasReadableHeaders",
      "headers",
      "isEndpoint",
      "isErrorCode",
      "isName",
      "isToken",
      "majorOf",
      "messageBytes",
      "nameFault",
      "oldestProtocol",
      "parseApiEndpoint",
      "parseCompiledKey",
      "parseDeprecation",
      "parseMessage",
      "protocolVersion",
      "readReply",
      "requireProtocol",
      "reservedNames",
      "subject",
      "subjects",
      "throughHeader",
      "type AccountDocument",
      "type AddTenantReply",
      "type AdminRecord",
      "type Announcement",
      "type ApplyReply",
      "type ApplyRequest",
      "type AuditRecord",
      "type BeatReply",
      "type BeatRequest",
      "type BreakingDifference",
      "type CallFields",
      "type CertificateReply",
      "type CertificateRequest",
      "type ChangedField",
      "type Clock",
      "type CompiledKey",
      "type CompiledReply",
      "type CompiledRequest",
      "type ConsoleReply",
      "type ConsoleRequest",
      "type DeleteReply",
      "type DeleteRequest",
      "type Deprecation",
      "type DiscoverReply",
      "type DiscoverRequest",
      "type DiscoveredApi",
      "type EndpointDescription",
      "type EnrollReply",
      "type EnrollRequest",
      "type Enrolled",
      "type ErrorCode",
      "type ErrorDetails",
      "type ErrorEntry",
      "type ExplainReply",
      "type ExplainRequest",
      "type Fault",
      "type Fields",
      "type GetReply",
      "type GetRequest",
      "type Handshake",
      "type HeadedMessage",
      "type IdleApis",
      "type Invitation",
      "type InviteReply",
      "type InviteRequest",
      "type IssueReply",
      "type IssueRequest",
      "type KnownCallers",
      "type Labels",
      "type LeaseReply",
      "type Logger",
      "type Manifest",
      "type Messages",
      "type NoRouteReport",
      "type Notification",
      "type Parsed",
      "type Policy",
      "type PublishReply",
      "type PublishRequest",
      "type Quota",
      "type QuotaReply",
      "type QuotaRequest",
      "type Random",
      "type Receipt",
      "type Refusal",
      "type RegisterRequest",
      "type Rekey",
      "type RekeyReply",
      "type RekeyRequest",
      "type RemoveTenantReply",
      "type RenewRequest",
      "type RevocationReceipt",
      "type RevokeReply",
      "type RevokeRequest",
      "type RevokeSiteReply",
      "type Route",
      "type RotateServiceReply",
      "type RotateServiceRequest",
      "type RotateSigningReply",
      "type RotateSigningRequest",
      "type RotateSiteReply",
      "type Rule",
      "type ServedApi",
      "type Service",
      "type Site",
      "type StatusReply",
      "type SubjectKind",
      "type SubjectTemplate",
      "type TenantKeys",
      "type TokenKind",
      "type UninviteReply",
      "type VisibleApis",
      "withoutAddresses",
      "type Windows",
    ]
  `);
});
