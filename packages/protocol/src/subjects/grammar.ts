import { subject } from './template.ts';

/**
 * Every subject of Causeway, in one place. What is not here does not exist: permissions, routes and the
 * escape matrix of the tests are all made from this table (docs/architecture.md, "Subjects").
 *
 * The caller's site comes first in a call, so that the hub can pin a whole site with one allow entry,
 * `call.<site>.>` (ADR 0002).
 */
export const subjects = {
  // In a tenant's account.

  /** Caller → gateways of sites where the API is served. */
  call: subject(
    'call.{fromSite:name}.{from:name}.{toSite:target}.{service:name}.v{major:major}.{endpoint:endpoint}',
  ),
  /** Gateway → one instance at its own site. */
  serve: subject('serve.{site:name}.{service:name}.{instance:name}.v{major:major}.{endpoint:endpoint}'),
  /** The instance that was asked → the gateway replica that asked. Crosses no link. */
  answer: subject('answer.{site:name}.{service:name}.{gateway:name}.{token:token}'),
  /** The gateway that answers → one connection of the caller. `gateway` holds the inboxes of gateways. */
  inbox: subject('_INBOX.{site:name}.{caller:holder}.{connection:token}.{token:token}'),
  /** Service → its own site's gateways: register, renew, withdraw, discover, noroute. */
  registry: subject('registry.{site:name}.{service:name}.{op:word}'),
  /** Its site's gateway → that service alone: published, changed, withdrawn. */
  notify: subject('notify.{site:name}.{service:name}.{event:word}'),

  // In CONTROL at the hub and, at an edge, in its `site-<site>` account.

  /** Gateway → registry: register, renew, withdraw, receipt. */
  control: subject('control.{site:name}.{op:word}'),
  /** A site's own streams → the cloud's collector, which asked: a connection's inbox, and a request's token. */
  collect: subject('collect.{site:name}.{connection:token}.{token:token}'),
  /** Gateway replica → the replicas of its site. Crosses no link. */
  beat: subject('peer.{site:name}.{gateway:name}.beat'),
  /** Administrator → registry; tenant `any` for the fabric's own. */
  admin: subject('admin.{tenant:scope}.{admin:name}.{op:word}'),
  /** Registry → administrators: the replies. */
  adminInbox: subject('_INBOX.admin.{tenant:scope}.{admin:name}.{connection:token}.{token:token}'),
  /** Registry → consoles. */
  discovery: subject('discovery.{tenant:name}.{service:name}.v{major:major}.{event:word}'),
  /** Gateway → its own site's stream AUDIT; class is access, refusal or admin. */
  audit: subject('audit.{tenant:scope}.{site:name}.{gateway:signer}.{class:word}'),
  /** The same in the cloud's stream: the source it came from is stamped in front. */
  auditFrom: subject('from.{source:name}.audit.{tenant:scope}.{site:name}.{gateway:signer}.{class:word}'),
  /** Gateway → its own site's counter stream FLOW. */
  flow: subject(
    'flow.{site:name}.{tenant:name}.{fromSite:name}.{from:name}.{service:name}.v{major:major}.{endpoint:endpoint}.{metric:word}',
  ),
  /** The same in the cloud's stream. */
  flowFrom: subject(
    'from.{source:name}.flow.{site:name}.{tenant:name}.{fromSite:name}.{from:name}.{service:name}.v{major:major}.{endpoint:endpoint}.{metric:word}',
  ),
  /** Blocks of a chain whose records are in the counters: written in the same batch as these. */
  watermark: subject('flow.{site:name}.{tenant:scope}.gateway.{gateway:signer}.blocks'),
  /** The same in the cloud's stream. */
  watermarkFrom: subject(
    'from.{source:name}.flow.{site:name}.{tenant:scope}.gateway.{gateway:signer}.blocks',
  ),
  /** A joining site → registry; the grant's id, never its secret. */
  enroll: subject('enroll.{grant:token}'),
  /** Registry → a joining site. */
  enrollInbox: subject('_INBOX.enroll.{grant:token}.{token:token}'),
} as const;

/** Name of a subject in the grammar. */
export type SubjectKind = keyof typeof subjects;

/** The fields of a call, as taken from its subject. */
export type CallFields = NonNullable<ReturnType<typeof subjects.call.parse>>;
