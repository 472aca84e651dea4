// Generated from schemas/ by scripts/generate-types.ts: do not edit; run `npm run generate`.

/**
 * Every message, by the name of its type.
 */
export interface Messages {
  AccountDocument: AccountDocument;
  ApplyRequest: ApplyRequest;
  ApplyReply: ApplyReply;
  GetRequest: GetRequest;
  GetReply: GetReply;
  IssueRequest: IssueRequest;
  IssueReply: IssueReply;
  ConsoleRequest: ConsoleRequest;
  ConsoleReply: ConsoleReply;
  ExplainRequest: ExplainRequest;
  ExplainReply: ExplainReply;
  StatusReply: StatusReply;
  RevokeRequest: RevokeRequest;
  RevokeReply: RevokeReply;
  RevokeSiteRequest: RevokeSiteRequest;
  RevokeSiteReply: RevokeSiteReply;
  InviteRequest: InviteRequest;
  InviteReply: InviteReply;
  UninviteRequest: UninviteRequest;
  UninviteReply: UninviteReply;
  RemoveSiteRequest: RemoveSiteRequest;
  InForceRequest: InForceRequest;
  InForceReply: InForceReply;
  Standing: Standing1;
  DeleteRequest: DeleteRequest;
  DeleteReply: DeleteReply;
  RotateSigningRequest: RotateSigningRequest;
  RotateSigningReply: RotateSigningReply;
  RotateSiteRequest: RotateSiteRequest;
  RotateSiteReply: RotateSiteReply;
  RotateServiceRequest: RotateServiceRequest;
  RotateServiceReply: RotateServiceReply;
  AddTenantRequest: AddTenantRequest;
  AddTenantReply: AddTenantReply;
  RemoveTenantRequest: RemoveTenantRequest;
  RemoveTenantReply: RemoveTenantReply;
  AdminRecord: AdminRecord;
  ServedApi: ServedApi;
  VisibleApis: VisibleApis;
  IdleApis: IdleApis;
  Account: Account;
  User: User;
  KnownCallers: KnownCallers;
  Rekey: Rekey;
  TenantMark: TenantMark;
  RevisionMark: RevisionMark;
  PositionMark: PositionMark;
  PublishRequest: PublishRequest;
  PublishReply: PublishReply;
  BeatRequest: BeatRequest;
  BeatReply: BeatReply;
  QuotaRequest: QuotaRequest;
  QuotaReply: QuotaReply;
  Receipt: Receipt;
  TenantKeys: TenantKeys;
  Announcement: Announcement;
  RekeyRequest: RekeyRequest;
  RekeyReply: RekeyReply;
  CompiledRequest: CompiledRequest;
  CompiledReply: CompiledReply;
  CertificateRequest: CertificateRequest;
  CertificateReply: CertificateReply;
  EnrollRequest: EnrollRequest;
  EnrollReply: EnrollReply;
  Enrolled: Enrolled;
  Invitation: Invitation;
  Manifest: Manifest;
  Policy: Policy;
  AuditRecord: AuditRecord;
  Refusal: Refusal;
  RegisterRequest: RegisterRequest;
  RenewRequest: RenewRequest;
  LeaseReply: LeaseReply;
  WithdrawRequest: WithdrawRequest;
  DiscoverRequest: DiscoverRequest;
  DiscoverReply: DiscoverReply;
  NoRouteReport: NoRouteReport;
  Notification: Notification;
  Service: Service;
  Site: Site;
}
/**
 * A tenant's account: its claims as issued last.
 */
export interface AccountDocument {
  kind: 'account';
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  name: string;
  /**
   * The public half of an NKey.
   */
  publicKey: string;
  jwt: string;
  /**
   * Public keys that sign users, by role, where another took the place of the one it was founded with.
   */
  signers?: {
    /**
     * The public half of an NKey.
     */
    [k: string]: string;
  };
  /**
   * True where the tenant is being removed: its claims let nobody in, and are not issued otherwise again.
   */
  removed?: true;
}
export interface ApplyRequest {
  /**
   * @minItems 1
   * @maxItems 1000
   */
  documents: {
    [k: string]: unknown;
  }[];
  dryRun?: boolean;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  set?: string;
  /**
   * Delete what the set made before and these documents do not hold, of the tenants concerned.
   */
  prune?: boolean;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant?: string;
  /**
   * Prune also APIs that are served.
   */
  force?: boolean;
  /**
   * Say who gains and loses access; a dry run always does.
   */
  access?: boolean;
}
export interface ApplyReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  since?: number;
  changes: {
    kind: string;
    tenant?: string;
    name: string;
    change: 'created' | 'changed' | 'unchanged' | 'deleted';
    /**
     * Of a manifest that is changed: what is other than in the one that stands. None breaks a caller.
     */
    differences?: {
      pointer: string;
      what: string;
    }[];
    /**
     * Of what is changed: the fields that are other than they were.
     */
    fields?: {
      pointer: string;
      /**
       * As JSON, perhaps cut short; absent where the field was not there.
       */
      before?: string;
      after?: string;
    }[];
  }[];
  /**
   * What was applied and is perhaps not what was meant.
   */
  warnings?: {
    /**
     * The place in the request: /documents/0/from/site.
     */
    pointer: string;
    problem: string;
  }[];
  access?: AccessChanges;
}
/**
 * Calls of identities that there are whose decision would be another, for each endpoint and each site that serves it.
 */
export interface AccessChanges {
  gained: number;
  lost: number;
  /**
   * Allowed before and after, under other limits or terms.
   */
  changed: number;
  entries: {
    change: 'gained' | 'lost' | 'changed';
    tenant: string;
    /**
     * SITE/SERVICE of the caller.
     */
    from: string;
    api: string;
    endpoint: string;
    /**
     * The site that serves it.
     */
    site: string;
    /**
     * The policy that decides afterwards; null where none matches.
     */
    policy: string | null;
    reason?: string;
    /**
     * Of what is changed: the terms of the call, as JSON.
     */
    before?: string;
    after?: string;
  }[];
  /**
   * Differences that are counted and not listed.
   */
  omitted: number;
  /**
   * True where there are more calls than were compared.
   */
  unchecked?: true;
}
export interface GetRequest {
  kind: 'apis' | 'policies' | 'sites' | 'invitations' | 'services' | 'instances' | 'routes';
  name?: string;
}
export interface GetReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  items: {
    [k: string]: unknown;
  }[];
}
/**
 * Sign a key that was made where it will be used, as a service of this tenant and site.
 */
export interface IssueRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  service: string;
  /**
   * The public half of an NKey.
   */
  key: string;
  labels?: Labels;
}
/**
 * What administrators say of an identity.
 */
export interface Labels {
  [k: string]: string;
}
export interface IssueReply {
  jwt: string;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
}
/**
 * Make an ops user and its consumers on AUDIT and FLOW.
 */
export interface ConsoleRequest {
  /**
   * The public half of an NKey.
   */
  key: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * Where the audit consumer starts.
   */
  from?: 'beginning' | 'now';
  /**
   * Sequence in AUDIT after which to go on; instead of `from`.
   */
  after?: number;
}
export interface ConsoleReply {
  jwt: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  name: string;
  /**
   * Public keys that sign blocks: site.gateway to the keys.
   */
  signers: {
    /**
     * Items: The public half of an NKey.
     */
    [k: string]: string[];
  };
  /**
   * Sequence in AUDIT behind which its records begin.
   */
  start?: number;
  /**
   * While nothing is delivered to someone who listens, the server gives a sign of life every so many ms.
   */
  heartbeat?: number;
  /**
   * Messages that wait to be delivered: records and counters.
   */
  pending: {
    audit: number;
    flow: number;
  };
  /**
   * Last block of each chain of administrators’ acts, by tenant; `any` is the fabric’s.
   */
  acts?: {
    [k: string]: number;
  };
}
export interface ExplainRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  from: {
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    site: string;
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    service: string;
  };
  to: {
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    service: string;
    major: number;
    /**
     * An endpoint of an API; may be camelCase.
     */
    endpoint: string;
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    site?: string;
  };
  /**
   * Policies to decide by as if they were applied; one that stands under the same name is put aside.
   *
   * @maxItems 100
   */
  policies?: {
    [k: string]: unknown;
  }[];
}
export interface ExplainReply {
  /**
   * Sites that serve the API, too, and are not listed: ask for one of them. Absent where there are none.
   */
  omittedSites?: number;
  /**
   * One decision for each site that serves the API, or for the one asked about.
   */
  sites: {
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    site: string;
    decision: 'allow' | 'deny';
    code: string;
    policy: string | null;
    reason: string;
    /**
     * Of a call that is allowed: whether its reply waits for its record.
     */
    audit?: 'prompt' | 'strict';
    limits: {
      policy: string;
      rate?: number;
      burst?: number;
      concurrency?: number;
      bytesPerSecond?: number;
      payload?: number;
      quota?: Quota;
    }[];
    /**
     * Of a call that is allowed and names no site: how its caller tries them, and by which policy.
     */
    route?: {
      policy: string;
      /**
       * Sites that it may call, best first.
       *
       * Items: A tenant, site, service, gateway or policy: one subject token.
       */
      order?: string[];
      weights?: {
        [k: string]: number;
      };
    };
    /**
     * Of a call that is allowed: milliseconds for which its site may be without the registry.
     */
    lease?: number;
    /**
     * When a policy begins or ends that may change the decision.
     */
    until?: number;
    /**
     * Policies of the tenant, those first that came nearest to the call.
     */
    considered?: {
      policy: string;
      effect: 'allow' | 'deny';
      matched: boolean;
      /**
       * The first field that the call does not fit.
       */
      field?: string;
      why?: string;
    }[];
    /**
     * Policies that did not match and are not listed.
     */
    omitted?: number;
    /**
     * Policies whose limits hold, too, and are not listed; absent where there are none.
     */
    omittedLimits?: number;
    /**
     * Policies that matched and are not listed; absent where there are none.
     */
    omittedMatching?: number;
    /**
     * What to do for the call to be allowed.
     */
    advice?: string;
    /**
     * A policy that allows the call once it is applied.
     */
    add?: {
      [k: string]: unknown;
    };
  }[];
}
/**
 * What one caller may use under a policy in the whole fabric, in windows of the hub's clock, UTC: calls that were handed to a service, and bytes of their requests and replies.
 */
export interface Quota {
  calls?: Windows;
  bytes?: Windows;
}
/**
 * How much in each minute, hour or day.
 */
export interface Windows {
  minute?: number;
  hour?: number;
  day?: number;
}
export interface StatusReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  memory?: Memory;
  sites: {
    name: string;
    /**
     * True where the site was cut off.
     */
    revoked?: true;
    gateways: {
      name: string;
      alive: boolean;
      /**
       * The newest revision the gateway sent a receipt for; null before the first.
       */
      revision: number | null;
      /**
       * Milliseconds since its last renewal; null before the first.
       */
      seen?: number | null;
      instances?: number;
      memory?: Memory1;
    }[];
    serverMemory?: Memory2;
    /**
     * Messages of the site’s record stream that the cloud did not take since the registry started: forged, malformed or too large.
     */
    recordsRefused?: number;
    /**
     * The same of its counter stream.
     */
    countersRefused?: number;
    /**
     * Messages of the site's AUDIT that the cloud has not yet stored.
     */
    recordLag?: number;
    flowLag?: number;
    /**
     * The last revision that concerns the site: its gateways should have it.
     */
    wanted: number;
    standing?: Standing;
    /**
     * Tenants that are at the site.
     *
     * Items: A tenant, site, service, gateway or policy: one subject token.
     */
    tenants?: string[];
    /**
     * Tenants that are to be there, and that the site has not taken up yet.
     *
     * Items: A tenant, site, service, gateway or policy: one subject token.
     */
    awaited?: string[];
    /**
     * Links of the site that the watchdog keeps out: the account's name, and why.
     */
    cutOff?: {
      account: string;
      reason: string;
    }[];
  }[];
  /**
   * Leaf links the hub sees: account name and site.
   */
  links: {
    site: string;
    account: string;
  }[];
}
/**
 * What the registry itself has.
 */
export interface Memory {
  /**
   * Bytes.
   */
  rss: number;
  /**
   * Milliseconds.
   */
  age: number;
}
/**
 * Memory of a process: resident bytes (RSS), and how many milliseconds ago that was.
 */
export interface Memory1 {
  /**
   * Bytes.
   */
  rss: number;
  /**
   * Milliseconds.
   */
  age: number;
}
/**
 * Memory of a process: resident bytes (RSS), and how many milliseconds ago that was.
 */
export interface Memory2 {
  /**
   * Bytes.
   */
  rss: number;
  /**
   * Milliseconds.
   */
  age: number;
}
/**
 * Whether that is in force there; absent of a site that was cut off.
 */
export interface Standing {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  state: 'in-force' | 'behind' | 'unreachable';
  /**
   * The revision that the site must have; null where nothing concerns it.
   */
  wanted: number | null;
  /**
   * The oldest revision that its gateways have in force; null before the first receipt.
   */
  revision: number | null;
  /**
   * When the first change was made that the site does not have; ms.
   */
  behindSince?: number;
  /**
   * When the site was heard of last; ms. Of one that the registry never heard of, when it started.
   */
  unreachableSince?: number;
}
/**
 * Void all credentials of a service.
 */
export interface RevokeRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  service: string;
  /**
   * Milliseconds that the reply waits for the receipts of sites that can be reached; 2,000 where absent.
   */
  wait?: number;
}
export interface RevokeReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  since?: number;
  /**
   * Number of keys that are void now.
   */
  keys: number;
  /**
   * Where it is in force, and where that is not known yet.
   */
  sites?: RevocationReceipt[];
}
/**
 * Whether a change is in force at a site, as far as its gateways have said so.
 */
export interface RevocationReceipt {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * True where every gateway of the site has acknowledged it; false where that is not known yet.
   */
  inForce: boolean;
  /**
   * Where it is not known: milliseconds since the site was heard of last; null where it was not since the registry started.
   */
  seen?: number | null;
  /**
   * Where it is not known: a site that cannot hear of it admits calls for so many milliseconds at most since it last heard anything, the longest offline lease of the policies.
   */
  lease?: number;
  /**
   * Present for a site that was cut off itself: it hears nothing any more, and others hear nothing of it.
   */
  cutOff?: true;
}
/**
 * Cut a site off: void the keys of its links, gateways and services. The fabric's administrators only.
 */
export interface RevokeSiteRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * Milliseconds that the reply waits for the receipts of sites that can be reached; 2,000 where absent.
   */
  wait?: number;
}
export interface RevokeSiteReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  since?: number;
  /**
   * Number of keys that are void now.
   */
  keys: number;
  /**
   * Number of the site's services.
   */
  services: number;
  /**
   * Where it is in force, and where that is not known yet.
   */
  sites?: RevocationReceipt[];
}
/**
 * Invite a new site to join: one redemption, fifteen minutes at most.
 */
export interface InviteRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * Tenants that are to be there; all where absent.
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  tenants?: string[];
  /**
   * Names and addresses that the site's certificate may be for, besides the site's name and this machine's own.
   *
   * @maxItems 32
   *
   * Items: A name of DNS or an address.
   */
  hosts?: string[];
  /**
   * Milliseconds until it expires.
   */
  expires?: number;
}
export interface InviteReply {
  /**
   * The invitation itself; kept nowhere.
   */
  token: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  tenants: string[];
  hosts: string[];
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  expires: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
}
export interface UninviteRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
}
export interface UninviteReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
}
/**
 * Cut a site off and delete it with its services. The fabric's administrators only.
 */
export interface RemoveSiteRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * Also where it hosts APIs.
   */
  force?: boolean;
}
/**
 * Is a revision in force? Answered when it is at all sites that can be reached, or `wait` is over.
 */
export interface InForceRequest {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  since?: number;
  /**
   * Milliseconds to wait for receipts.
   */
  wait?: number;
}
export interface InForceReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * Whether no site that can be reached is behind.
   */
  done: boolean;
  sites: Standing1[];
}
/**
 * How far a site is. One that nothing of it concerns has it in force.
 */
export interface Standing1 {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  state: 'in-force' | 'behind' | 'unreachable';
  /**
   * The revision that the site must have; null where nothing concerns it.
   */
  wanted: number | null;
  /**
   * The oldest revision that its gateways have in force; null before the first receipt.
   */
  revision: number | null;
  /**
   * When the first change was made that the site does not have; ms.
   */
  behindSince?: number;
  /**
   * When the site was heard of last; ms. Of one that the registry never heard of, when it started.
   */
  unreachableSince?: number;
}
/**
 * Delete one document.
 */
export interface DeleteRequest {
  kind: 'policy' | 'api' | 'service';
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant?: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site?: string;
  /**
   * A policy's or service's name, or an API's: `quotes.v1`.
   */
  name: string;
  /**
   * Also where something uses it; revokes a service that has keys.
   */
  force?: boolean;
}
export interface DeleteReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  since?: number;
  kind: string;
  tenant: string;
  name: string;
  /**
   * Sites that served a deleted API, and do so no longer; the site of a service.
   */
  sites: string[];
  /**
   * Keys of the service that were void or are so now.
   */
  keys: number;
}
/**
 * Replace the keys that sign the users of an account; with finish, void those before. The fabric's administrators only.
 */
export interface RotateSigningRequest {
  /**
   * A tenant, or CONTROL.
   */
  account: string;
  finish?: boolean;
  /**
   * Also where users are left that the keys before have signed: they are refused from then on.
   */
  force?: boolean;
  /**
   * Milliseconds that the reply waits for the receipts of sites that can be reached; 2,000 where absent.
   */
  wait?: number;
}
export interface RotateSigningReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * told: sites know the new keys, or not yet; used: users are signed by them; finished: those before are void.
   */
  state: 'told' | 'used' | 'finished';
  sites: RevocationReceipt[];
  /**
   * Services that still have credentials signed by a key of before, as TENANT/SITE/NAME.
   */
  services: string[];
}
/**
 * Ask a site to replace the keys of its gateway, or of its links. The fabric's administrators only.
 */
export interface RotateSiteRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  role: 'gateway' | 'leaf';
}
export interface RotateSiteReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * Names the asking; that of before where the site has not yet done as it was asked.
   */
  id: string;
}
/**
 * Sign a new key of a service, and void its others some time later.
 */
export interface RotateServiceRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  service: string;
  /**
   * The public half of an NKey.
   */
  key: string;
  /**
   * Milliseconds for which the keys that there are stay valid beside it.
   */
  grace: number;
}
export interface RotateServiceReply {
  jwt: string;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * The keys that were replaced, and when they become void: ms since the epoch.
   */
  retiring: {
    /**
     * Milliseconds since the Unix epoch, on the hub's clock.
     */
    [k: string]: number;
  };
}
/**
 * Found a tenant, or bring one that there is to further sites. The fabric's administrators only.
 */
export interface AddTenantRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * All sites where absent.
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  sites?: string[];
}
export interface AddTenantReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * Public key of its account.
   */
  account: string;
  /**
   * Where it is, or will be once the site has made its keys.
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  sites: string[];
}
/**
 * Take a tenant away from one site, or from the fabric for good. The fabric's administrators only.
 */
export interface RemoveTenantRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site?: string;
  /**
   * Also where it is in use: what uses it is deleted too.
   */
  force?: boolean;
}
export interface RemoveTenantReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * Where it was.
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  sites: string[];
  /**
   * How many keys of users are void now.
   */
  keys: number;
  /**
   * How many services, APIs and policies were deleted with it.
   */
  deleted: number;
}
/**
 * One act of an administrator on one document: who did what, before and after; or one that was refused. Public parts alone.
 */
export interface AdminRecord {
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  at: number;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  admin: string;
  op: string;
  /**
   * Key of the document in the registry's bucket.
   */
  key: string;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  before: {
    [k: string]: unknown;
  } | null;
  after: {
    [k: string]: unknown;
  } | null;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  scope?: string;
  /**
   * Of an act that was not done: why.
   */
  refused?: {
    code: string;
    reason: string;
    /**
     * How many such refusals of one administrator the record stands for; 1 where absent.
     */
    count?: number;
  };
}
/**
 * Key serve.<tenant>.<service>.v<major>: an API that the site serves, who may knock, and the rules.
 */
export interface ServedApi {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  manifest: Manifest;
  /**
   * Caller sites that some policy admits (the site itself always), with the secret queue-group names.
   */
  routes: {
    [k: string]: {
      named: string;
      any: string;
    };
  };
  /**
   * The policies that can match a call to this API at this site, in the order of their names.
   */
  rules: Rule[];
}
/**
 * The published description of an API: a service name and a major version, with its endpoints.
 */
export interface Manifest {
  kind: 'api';
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant?: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  service: string;
  /**
   * major.minor.patch; the major is part of every call's subject.
   */
  version: string;
  description?: string;
  /**
   * Who answers for the API: a team, a person, a way to reach them.
   */
  owner?: string;
  deprecated?: Deprecation;
  /**
   * Schemas that those of endpoints may refer to: `#/$defs/NAME`.
   */
  $defs?: {
    [k: string]:
      | {
          [k: string]: unknown;
        }
      | boolean;
  };
  endpoints: {
    [k: string]: EndpointDescription;
  };
}
/**
 * An API that callers should leave. It is served as before.
 */
export interface Deprecation {
  /**
   * The first day (UTC) on which it is deprecated, as YYYY-MM-DD; it may lie ahead.
   */
  date: string;
  /**
   * What to call instead, and until when.
   */
  note?: string;
}
export interface EndpointDescription {
  description?: string;
  /**
   * JSON Schema 2020-12 of the request body.
   */
  request:
    | {
        [k: string]: unknown;
      }
    | boolean;
  /**
   * JSON Schema 2020-12 of the reply body.
   */
  reply:
    | {
        [k: string]: unknown;
      }
    | boolean;
  /**
   * Calls as they may be made; the request, and the reply where there is one, fit the schemas.
   *
   * @maxItems 20
   */
  examples?: {
    description?: string;
    request: unknown;
    reply?: unknown;
  }[];
  /**
   * True where a repeated call does no harm, so that a caller may retry it.
   */
  idempotent?: boolean;
  /**
   * True where the gateway checks every reply against its schema, and answers INVALID_REPLY for one that does not fit.
   */
  checkReply?: boolean;
  /**
   * Largest request body the gateway lets through, in bytes; 262144 where absent.
   */
  maxRequestBytes?: number;
  /**
   * Largest reply body the gateway passes on, in bytes; 1000000 where absent.
   */
  maxReplyBytes?: number;
}
export interface Rule {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  policy: string;
  from: {
    /**
     * A name, in which each * stands for any number of characters, also none; * alone is any name.
     */
    site: string;
    /**
     * A name, in which each * stands for any number of characters, also none; * alone is any name.
     */
    service: string;
    /**
     * Of a policy that selects callers by label: those there are, as site/service, instead of all that the other two mean.
     */
    callers?: string[];
  };
  endpoints: string[];
  effect: 'allow' | 'deny';
  limits?: {
    rate?: number;
    burst?: number;
    concurrency?: number;
    bytesPerSecond?: number;
    payload?: number;
    quota?: Quota;
  };
  /**
   * Absent where the reply need not wait for the record.
   */
  audit?: 'strict';
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  notBefore?: number;
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  expires?: number;
  /**
   * Milliseconds; those of 24 hours where absent.
   */
  lease?: number;
  reason?: string;
}
/**
 * Key see.<tenant>.<service>: what that service of the site may discover.
 */
export interface VisibleApis {
  apis: DiscoveredApi[];
}
export interface DiscoveredApi {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  service: string;
  major: number;
  version: string;
  description?: string;
  owner?: string;
  deprecated?: Deprecation;
  /**
   * Schemas that those of the endpoints refer to: `#/$defs/NAME`.
   */
  $defs?: {
    [k: string]:
      | {
          [k: string]: unknown;
        }
      | boolean;
  };
  /**
   * Sites where the caller may call it, best first.
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  sites: string[];
  /**
   * Those of the sites that are known to have no healthy instance of it now; they stand last. Absent where there are none.
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  idle?: string[];
  /**
   * How a policy has callers try the sites, by name; absent where the nearest that has an instance answers.
   */
  route?: {
    /**
     * In the order of `sites`, or by weight first.
     */
    by: 'order' | 'weights';
    /**
     * Sites with their weights; those without come last, in the order of `sites`.
     */
    weights?: {
      [k: string]: number;
    };
  };
  /**
   * The endpoints that the caller may call, with their schemas.
   */
  endpoints: {
    [k: string]: EndpointDescription;
  };
}
/**
 * Key idle.<tenant>: of the APIs that services of the site see, the other sites that have no healthy instance now.
 */
export interface IdleApis {
  /**
   * Service and major, as quotes.v1, to sites.
   */
  apis: {
    /**
     * Items: A tenant, site, service, gateway or policy: one subject token.
     */
    [k: string]: string[];
  };
}
/**
 * Key account.<public key>: claims of an account that the site's server must know.
 */
export interface Account {
  jwt: string;
}
/**
 * Key user.<tenant>.<role>: a re-issued user JWT of the site's gateway or leaf; its seed never left the site.
 */
export interface User {
  /**
   * Names this issue in receipts.
   */
  id: string;
  jwt: string;
}
/**
 * Key callers.<tenant>.<site>.<shard>: the identities of a caller site that there are, of those whose names fall into the shard.
 */
export interface KnownCallers {
  /**
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  names: string[];
  /**
   * Those that have no credentials that are valid.
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  revoked?: string[];
}
/**
 * Key rekey: the site is asked to replace the keys of these roles; each asking has a name.
 */
export interface Rekey {
  /**
   * A connection or call token.
   */
  gateway?: string;
  /**
   * A connection or call token.
   */
  leaf?: string;
}
/**
 * Key tenant.<name>: a tenant that is at the site, or is to be once the site has made its keys.
 */
export interface TenantMark {
  /**
   * The public half of an NKey.
   */
  account: string;
}
/**
 * Key revision: written last; all that came before it belongs to this revision.
 */
export interface RevisionMark {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
}
/**
 * Key position, at an edge alone: how far its copy goes of the hub's bucket.
 */
export interface PositionMark {
  position: number;
  /**
   * When the hub's bucket was made, as the registry said.
   */
  bucket?: string;
}
/**
 * control.<site>.register: a service of the site registered these APIs.
 */
export interface PublishRequest {
  protocol: number;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  gateway: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  service: string;
  /**
   * @minItems 1
   * @maxItems 16
   */
  apis: Manifest[];
}
export interface PublishReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  time: number;
}
/**
 * control.<site>.renew: the gateway is alive; the reply's time also measures its clock's offset.
 */
export interface BeatRequest {
  protocol: number;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  gateway: string;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * Instances registered at the gateway: tenant.service to their number.
   */
  instances?: {
    [k: string]: number;
  };
  /**
   * The APIs that have a healthy instance at the gateway; only for a registry whose replies say that it takes it.
   */
  serving?: {
    /**
     * False where the gateway has just started, and instances may not have come back to it yet.
     */
    complete: boolean;
    /**
     * tenant.service to major versions.
     */
    apis: {
      /**
       * @maxItems 16
       */
      [k: string]: number[];
    };
  };
  memory?: Memory3;
  serverMemory?: Memory4;
}
/**
 * Memory of a process: resident bytes (RSS), and how many milliseconds ago that was.
 */
export interface Memory3 {
  /**
   * Bytes.
   */
  rss: number;
  /**
   * Milliseconds.
   */
  age: number;
}
/**
 * Memory of a process: resident bytes (RSS), and how many milliseconds ago that was.
 */
export interface Memory4 {
  /**
   * Bytes.
   */
  rss: number;
  /**
   * Milliseconds.
   */
  age: number;
}
export interface BeatReply {
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  time: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * The last position in the registry's bucket that concerns the site: another than the site's means that it lacks something, be it of the same revision.
   */
  position?: number;
  /**
   * When the registry's bucket was made: another than before is a hub made anew.
   */
  bucket?: string;
  /**
   * Further fields of a renewal that this registry takes; one that says nothing takes none.
   */
  takes?: string[];
  /**
   * How far the cloud has stored the site's records; absent where it has none yet.
   */
  confirmed?: {
    sequence: number;
    /**
     * When the consumer was made that the sequence belongs to.
     */
    created: string;
  };
}
/**
 * control.<site>.quota: shares of quotas that the gateway wants to spend, or gives back.
 */
export interface QuotaRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  gateway: string;
  /**
   * @minItems 1
   * @maxItems 128
   */
  shares: {
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    tenant: string;
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    policy: string;
    from: {
      /**
       * A tenant, site, service, gateway or policy: one subject token.
       */
      site: string;
      /**
       * A tenant, site, service, gateway or policy: one subject token.
       */
      service: string;
    };
    unit: 'calls' | 'bytes';
    window: 'minute' | 'hour' | 'day';
    /**
     * Milliseconds since the Unix epoch, on the hub's clock.
     */
    start: number;
    /**
     * How much of it is waited for; the registry gives as much as that where there is, or more.
     */
    need: number;
    /**
     * How much is given back instead; nothing is granted then.
     */
    back?: number;
  }[];
}
export interface QuotaReply {
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  time: number;
  /**
   * One for each that was asked for, in their order.
   */
  shares: {
    granted: number;
    /**
     * Why there is none, where it is not that the quota is used up.
     */
    refused?: string;
  }[];
}
/**
 * control.<site>.receipt: this revision is in force at this gateway.
 */
export interface Receipt {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  gateway: string;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * Ids of the re-issued users whose credentials files have been written.
   */
  users?: string[];
}
/**
 * control.<site>.tenant: the keys that the site made for a tenant which is to be there. Only public keys travel.
 */
export interface TenantKeys {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  gateway: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  keys: {
    /**
     * The public half of an NKey.
     */
    gateway: string;
    /**
     * The public half of an NKey.
     */
    leaf?: string;
  };
}
/**
 * discovery.<tenant>.<service>.v<major>.<event>
 */
export interface Announcement {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  service: string;
  major: number;
  version: string;
  deprecated?: Deprecation;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  sites: string[];
}
/**
 * control.<site>.rekey: the site made new keys, as it was asked to; or, with done, it uses them.
 */
export interface RekeyRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  gateway: string;
  role: 'gateway' | 'leaf';
  /**
   * A connection or call token.
   */
  id: string;
  /**
   * The new public keys, by tenant.
   */
  keys: {
    /**
     * The public half of an NKey.
     */
    [k: string]: string;
  };
  /**
   * The public half of an NKey.
   */
  own?: string;
  done?: true;
}
export interface RekeyReply {
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  time: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
}
/**
 * control.<site>.compiled: what changed for the site since a position.
 */
export interface CompiledRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  gateway: string;
  /**
   * Position reached before; 0 for all.
   */
  since: number;
  /**
   * The bucket that the position belongs to, as a reply named it; absent where none did.
   */
  bucket?: string;
}
export interface CompiledReply {
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  time: number;
  /**
   * Position reached with these entries.
   */
  position: number;
  /**
   * When the bucket was made that the position belongs to.
   */
  bucket?: string;
  /**
   * True where what is not among the keys of this and the following replies is void.
   */
  full: boolean;
  /**
   * True where there is more from the position on.
   */
  more: boolean;
  entries: {
    key: string;
    /**
     * Absent where the key was deleted.
     */
    value?: {
      [k: string]: unknown;
    };
  }[];
}
/**
 * control.<site>.certificate: a new certificate for the site's server.
 */
export interface CertificateRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  gateway: string;
  /**
   * PKCS #10 (RFC 2986), PEM.
   */
  certificate: string;
  certificateDays?: number;
}
export interface CertificateReply {
  certificate: string;
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  time: number;
}
export interface EnrollRequest {
  keys: JoiningKeys;
  /**
   * The request for the certificate of the site's server: PKCS #10 (RFC 2986), PEM.
   */
  certificate: string;
  /**
   * How long the certificate shall be good, in days; the registry's own measure is the most.
   */
  certificateDays?: number;
  /**
   * Public X25519 key, base64url: the answer is sealed for it.
   */
  answerTo: string;
  /**
   * Of the canonical JSON of all else but the proof, by the keys of the two accounts: nobody is given claims for an account that is not his.
   */
  signatures: {
    account: string;
    system: string;
  };
  /**
   * That the sender has the invitation's secret: its public NKey, and its signature of the canonical JSON of all else but the signatures, base64url.
   */
  proof: {
    key: string;
    signature: string;
  };
}
/**
 * Public halves of all keys that the joining site made.
 */
export interface JoiningKeys {
  /**
   * The site's own account site-<site>, and the signing keys of its roles.
   */
  account: {
    key: string;
    signers: {
      [k: string]: string;
    };
  };
  /**
   * The system account of the site's server.
   */
  system: {
    key: string;
    signers: {
      [k: string]: string;
    };
  };
  /**
   * The site's leaf user in CONTROL.
   */
  leaf: string;
  /**
   * The user of the site's gateway in its own account: it signs blocks.
   */
  gateway: string;
  /**
   * The site's users in each tenant's account.
   */
  tenants: {
    [k: string]: {
      gateway: string;
      leaf: string;
    };
  };
}
/**
 * Sealed, since whoever has the invitation's JWT alone could listen: X25519 with a key made for this answer, HKDF-SHA-256, AES-256-GCM with the tag at the end. Holds an `enrolled`.
 */
export interface EnrollReply {
  key: string;
  iv: string;
  data: string;
}
export interface Enrolled {
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  time: number;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * The operator's JWT.
   */
  operator: string;
  /**
   * Account claims by their names: the site's own, its system account, and its tenants'.
   */
  accounts: {
    [k: string]: string;
  };
  users: {
    leaf: string;
    tenants: {
      [k: string]: {
        gateway: string;
        leaf: string;
      };
    };
  };
  /**
   * The server's certificate with those between it and the authority, PEM.
   */
  certificate: string;
  /**
   * Where leaf nodes enter the hub: tls://host:port.
   */
  hub: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  gateway: string;
}
/**
 * An invitation of a site to join, as the registry keeps it: of its secret no more than a hash.
 */
export interface Invitation {
  kind: 'invitation';
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * A connection or call token.
   */
  grant: string;
  /**
   * SHA-256 of the public half of the secret, hexadecimal.
   */
  verifier: string;
  /**
   * @minItems 1
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  tenants: string[];
  /**
   * Names and addresses that the site's certificate may be for.
   */
  hosts: string[];
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  created: number;
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  expires: number;
  /**
   * The administrator who made it.
   */
  by: string;
  /**
   * Set once it was: when, and a hash of the public keys it was redeemed with, which alone may ask again.
   */
  redeemed?: {
    /**
     * Milliseconds since the Unix epoch, on the hub's clock.
     */
    at: number;
    keys: string;
  };
}
/**
 * Who may call which API's endpoints at which sites, under which limits. Deny beats allow; nothing matching means no access.
 */
export interface Policy {
  kind: 'policy';
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant?: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  name: string;
  description?: string;
  /**
   * The callers meant. A field left out means any.
   */
  from: {
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    tenant?: string;
    /**
     * A name, in which each * stands for any number of characters, also none; * alone is any name.
     */
    site?: string;
    /**
     * A name, in which each * stands for any number of characters, also none; * alone is any name.
     */
    service?: string;
    labels?: LabelSelector;
  };
  /**
   * The API meant, and the sites that serve it; labels are those of the identity that serves it there. A field left out means any.
   */
  to: {
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    tenant?: string;
    /**
     * A name, in which each * stands for any number of characters, also none; * alone is any name.
     */
    service: string;
    major?: number;
    /**
     * @minItems 1
     * @maxItems 256
     *
     * Items: An endpoint, in which each * stands for any number of characters, also none; * alone is any endpoint.
     */
    endpoints?: string[];
    /**
     * A name, in which each * stands for any number of characters, also none; * alone is any name.
     */
    site?: string;
    labels?: LabelSelector;
  };
  effect: 'allow' | 'deny';
  /**
   * What one caller may use under this policy: a quota in the whole fabric, all else at one serving site.
   */
  limits?: {
    /**
     * Calls per second, on average.
     */
    rate?: number;
    /**
     * Calls that may come at once after a pause; `rate` rounded up where absent.
     */
    burst?: number;
    /**
     * Calls under way at the same time.
     */
    concurrency?: number;
    /**
     * Bytes of requests and replies per second, on average; as many may come at once after a pause.
     */
    bytesPerSecond?: number;
    /**
     * Bytes of a request, and of its reply, at most; beside what the manifest says.
     */
    payload?: number;
    quota?: Quota;
  };
  route?: Route;
  /**
   * When a call that it allows is answered: `prompt` (where absent), at once; `strict`, when its record is stored. Strict beats prompt.
   */
  audit?: 'prompt' | 'strict';
  /**
   * From when on the policy counts, on the hub’s clock.
   */
  notBefore?: string;
  /**
   * From when on it counts no longer.
   */
  expires?: string;
  /**
   * For how long a site that hears nothing from the registry goes on admitting calls by this policy; 24h where absent. The shortest of all that allow a call counts.
   */
  offline?: string;
  /**
   * Of a deny: why, as a refused caller is told who may know that the API exists.
   */
  reason?: string;
}
/**
 * Labels that an identity must bear, every one of them; * stands in their values for any number of characters, also none.
 */
export interface LabelSelector {
  [k: string]: string;
}
/**
 * How its callers try the sites that serve the API and that they may call; those it does not name come last.
 */
export interface Route {
  /**
   * One after the other, as they stand here.
   *
   * @minItems 1
   * @maxItems 64
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  order?: string[];
  /**
   * Each with its share of the calls: its weight by the sum of all.
   */
  weights?: {
    [k: string]: number;
  };
}
/**
 * One access, as the gateway that decided it saw it. Never payloads, never addresses.
 */
export interface AuditRecord {
  /**
   * A connection or call token.
   */
  call: string;
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  at: number;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  from: {
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    site: string;
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    service: string;
  };
  to: {
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    service: string;
    major: number;
    /**
     * An endpoint of an API; may be camelCase.
     */
    endpoint: string;
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    requested?: string;
  };
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * allowed: handed to an instance. denied: no permission. limited: permitted, but over a limit. failed: permitted, but not carried out. reported: never reached a gateway, said by the caller.
   */
  decision: 'allowed' | 'denied' | 'limited' | 'failed' | 'reported';
  /**
   * Name of the deciding policy document; null where none matched.
   */
  policy: string | null;
  /**
   * OK, or the error code that was answered.
   */
  code: string;
  /**
   * The true code, where the caller was told another: DENIED for a caller that was told NO_ROUTE.
   */
  reason?: string;
  requestBytes: number;
  replyBytes: number;
  /**
   * From the gateway's receipt of the request to its reply, in microseconds.
   */
  durationMicros: number;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  instance?: string;
  /**
   * Trace id of the W3C traceparent header.
   */
  trace?: string;
  /**
   * How many equal refusals this record stands for; 1 where absent.
   */
  count?: number;
}
/**
 * The body of an error reply. Code and number are API, the reason is for people.
 */
export interface Refusal {
  code: string;
  number: number;
  reason: string;
  /**
   * Milliseconds to wait before the same call can be admitted.
   */
  retryAfter?: number;
  /**
   * JSON pointer (RFC 6901) of the place of the fault in the request.
   */
  pointer?: string;
  /**
   * Of INCOMPATIBLE_API: what would break callers, each at its place in the manifest.
   *
   * @maxItems 500
   */
  differences?: BreakingDifference[];
}
export interface BreakingDifference {
  pointer: string;
  /**
   * What stood there, as JSON; absent where there was nothing.
   */
  before?: string;
  /**
   * What stands there now, as JSON; absent where there is nothing.
   */
  after?: string;
  why: string;
}
export interface RegisterRequest {
  /**
   * Version of Causeway's protocol that the sender speaks.
   */
  protocol: number;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  instance: string;
  /**
   * @minItems 1
   * @maxItems 16
   */
  apis: Manifest[];
}
export interface RenewRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  instance: string;
  healthy: boolean;
}
export interface LeaseReply {
  /**
   * Milliseconds until the registration lapses unless renewed.
   */
  lease: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  time: number;
}
export interface WithdrawRequest {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  instance: string;
}
export interface DiscoverRequest {
  /**
   * Version of Causeway's protocol that the sender speaks.
   */
  protocol: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  since?: number;
  /**
   * A connection or call token.
   */
  view?: string;
}
export interface DiscoverReply {
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
  /**
   * Milliseconds since the Unix epoch, on the hub's clock.
   */
  time: number;
  /**
   * True where the list is the one that was named, or has not changed since the revision asked for; apis is then empty.
   */
  unchanged: boolean;
  /**
   * A connection or call token.
   */
  view?: string;
  /**
   * A connection or call token.
   */
  epoch?: string;
  apis: DiscoveredApi[];
}
export interface NoRouteReport {
  /**
   * @minItems 1
   * @maxItems 256
   */
  calls: {
    /**
     * A connection or call token.
     */
    call: string;
    /**
     * Milliseconds since the Unix epoch, on the hub's clock.
     */
    at: number;
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    toSite: string;
    /**
     * A tenant, site, service, gateway or policy: one subject token.
     */
    service: string;
    major: number;
    /**
     * An endpoint of an API; may be camelCase.
     */
    endpoint: string;
    code: 'NO_ROUTE' | 'UNREACHABLE';
    requestBytes: number;
  }[];
}
/**
 * Told to a service that may call the API; the event is in the subject.
 */
export interface Notification {
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  service: string;
  major: number;
  /**
   * A revision of the fabric's documents: the sequence of the registry's bucket.
   */
  revision: number;
}
/**
 * An identity: a service name at a site of a tenant. It calls, serves, or both.
 */
export interface Service {
  kind: 'service';
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  tenant: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  site: string;
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  name: string;
  /**
   * Public keys that credentials were issued for.
   *
   * Items: The public half of an NKey.
   */
  keys: string[];
  /**
   * Which of the account's keys signed for each of the keys, where that is another than the account was founded with.
   */
  signers?: {
    /**
     * The public half of an NKey.
     */
    [k: string]: string;
  };
  /**
   * Keys that were replaced, and when they are to be void: ms since the epoch on the registry's clock.
   */
  retiring?: {
    /**
     * Milliseconds since the Unix epoch, on the hub's clock.
     */
    [k: string]: number;
  };
  labels?: Labels;
  /**
   * Majors of the API of this name that the service has registered at its site.
   */
  hosts?: number[];
}
/**
 * A place with its own NATS server and gateway. Only public keys are kept.
 */
export interface Site {
  kind: 'site';
  /**
   * A tenant, site, service, gateway or policy: one subject token.
   */
  name: string;
  /**
   * Tenants present at the site, with the site's user keys in each tenant's account.
   */
  tenants: {
    [k: string]: {
      /**
       * The public half of an NKey.
       */
      gateway: string;
      /**
       * The public half of an NKey.
       */
      leaf?: string;
      /**
       * True where the site made these keys when the tenant came to it: it is told its users by its tables.
       */
      joined?: true;
      /**
       * Why the watchdog keeps this link of the site out: its key is void.
       */
      cutOff?: string;
    };
  };
  /**
   * The site's gateway replicas and the keys that sign their blocks, newest last.
   */
  gateways: {
    /**
     * @minItems 1
     *
     * Items: The public half of an NKey.
     */
    [k: string]: string[];
  };
  /**
   * Gateway replicas that are no more, and the keys that signed their blocks: their chains have ended.
   */
  retired?: {
    /**
     * @minItems 1
     *
     * Items: The public half of an NKey.
     */
    [k: string]: string[];
  };
  /**
   * Of the cloud: the keys that signed the registry’s own blocks, newest last.
   *
   * Items: The public half of an NKey.
   */
  registry?: string[];
  /**
   * The public half of an NKey.
   */
  leaf?: string;
  /**
   * Names and addresses that the certificate of the site's server may be for; absent where it was founded before they were kept.
   */
  hosts?: string[];
  /**
   * The site's own accounts as they were signed last: a new signing key of the operator signs them anew. Absent where it was founded before they were kept.
   */
  own?: {
    /**
     * The public half of an NKey.
     */
    publicKey: string;
    jwt: string;
  }[];
  /**
   * True where the keys of the site's users are void: it is cut off for good.
   */
  revoked?: true;
  /**
   * Tenants that are to be at the site, and whose keys the site has not made yet.
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  awaited?: string[];
  /**
   * Tenants that were at the site: their last records may not be collected yet, their keys stay void there.
   *
   * Items: A tenant, site, service, gateway or policy: one subject token.
   */
  formerTenants?: string[];
  /**
   * Why the watchdog keeps the site's own link out: its key is void.
   */
  cutOff?: string;
  /**
   * Keys that the site is asked to replace, by role, each with a name of this asking.
   */
  rekey?: {
    /**
     * A connection or call token.
     */
    gateway?: string;
    /**
     * A connection or call token.
     */
    leaf?: string;
  };
  /**
   * Keys that are void once the site uses those that took their place, by role and tenant; of CONTROL under control.
   */
  replaced?: {
    gateway?: ReplacedKeys;
    leaf?: ReplacedKeys;
  };
  /**
   * Roles whose keys were replaced since the site was founded: it learns its users from the registry.
   */
  rekeyed?: ('gateway' | 'leaf')[];
}
export interface ReplacedKeys {
  /**
   * The public half of an NKey.
   */
  [k: string]: string;
}
