import type { AccountKind } from '@causeway/identity';
import type { SubjectKind } from '@causeway/protocol';

/** Who holds a role. */
export interface Holder {
  readonly kind: AccountKind;
  readonly role: string;
  readonly name: string;
  readonly site?: string;
  readonly tenant?: string;
  readonly hosts?: readonly string[];
}

/**
 * Something that a role may do: a subject of the grammar with some fields held fast, or a subject that is
 * NATS's own and not of the grammar.
 */
export type Right =
  | { readonly subject: SubjectKind; readonly where: Readonly<Record<string, string>> }
  | { readonly raw: string };

export interface Rights {
  readonly publish: readonly Right[];
  readonly subscribe: readonly Right[];
}

const of = (subject: SubjectKind, where: Record<string, string> = {}): Right => ({ subject, where });
const raw = (subject: string): Right => ({ raw: subject });

/** Next, info and reset of one pull consumer. */
const reads = (stream: string, consumer: string): Right[] =>
  ['MSG.NEXT', 'INFO', 'RESET'].map((verb) => raw(`$JS.API.CONSUMER.${verb}.${stream}.${consumer}`));

/** What a site's gateway may do in the account where it records; `tail` is what its streams' names end in. */
function recording(site: string, name: string, tail: string): Rights {
  return {
    publish: [
      of('control', { site }),
      of('audit', { site, gateway: name }),
      of('flow', { site }),
      of('watermark', { site }),
      of('beat', { site, gateway: name }),
      ...reads('KV_compiled', name),
      ...reads(`AUDIT${tail}`, name),
      raw(`$JS.API.DIRECT.GET.AUDIT${tail}.audit.*.${site}.${name}.>`),
      raw(`$JS.API.DIRECT.GET.FLOW${tail}.flow.${site}.>`),
    ],
    subscribe: [of('inbox', { site, caller: 'gateway', connection: name }), of('beat', { site })],
  };
}

/**
 * What each role may do, as the design's table of roles has it. It is written here a second time, in terms of
 * the grammar, and on purpose not made from the templates: what a template allows beyond this turns the escape
 * matrix red. What is not here is forbidden, so a subject that is added to the grammar is forbidden to all
 * until this table says otherwise. Roles that only links have are absent: no client connects with them.
 */
export const rights: Readonly<Record<string, (holder: Required<Holder>) => Rights>> = {
  'tenant service': ({ site, name }) => ({
    publish: [
      of('call', { fromSite: site, from: name }),
      of('registry', { site, service: name }),
      of('answer', { site, service: name }),
    ],
    subscribe: [
      of('serve', { site, service: name }),
      of('inbox', { site, caller: name }),
      of('notify', { site, service: name }),
    ],
  }),
  'tenant gateway': ({ site, hosts }) => ({
    publish: [of('serve', { site }), raw('_INBOX.>'), of('notify', { site })],
    subscribe: [
      of('call', { toSite: site }),
      ...hosts.map((service) => of('call', { toSite: 'any', service })),
      of('registry', { site }),
      of('answer', { site }),
    ],
  }),
  'site broker': ({ site }) => ({
    publish: [raw('$JS.API.>'), raw(`$KV.compiled.${site}.>`)],
    subscribe: [raw(`_INBOX.${site}.broker.>`)],
  }),
  'site gateway': ({ site, name }) => recording(site, name, ''),
  'site auditor': ({ site }) => ({
    publish: [raw(`_INBOX.${site}.auditor.>`), of('inbox', { site, caller: 'auditor' })],
    subscribe: [raw(`_INBOX.${site}.auditor.>`), of('inbox', { site, caller: 'auditor' })],
  }),
  'control gateway': ({ name }) => recording('cloud', name, '_cloud'),
  'control registry': () => ({
    publish: [
      raw('$JS.API.>'),
      // Of the sites' streams no more than to read on, and where.
      ...['MSG.NEXT', 'RESET'].flatMap((verb) =>
        ['AUDIT', 'FLOW'].map((stream) => raw(`$JS.*.API.CONSUMER.${verb}.${stream}.cloud`)),
      ),
      raw('$KV.documents.>'),
      raw('$KV.compiled.>'),
      raw('$KV.quotas.>'),
      raw('$JS.FC.KV_documents.>'),
      raw('$JS.FC.KV_compiled.>'),
      raw('_INBOX.>'),
      of('audit', { site: 'cloud', gateway: 'registry', class: 'admin' }),
    ],
    subscribe: [
      raw('control.>'),
      raw('collect.>'),
      raw('admin.>'),
      raw('enroll.>'),
      raw('_INBOX.cloud.registry.>'),
    ],
  }),
  'control admin': ({ tenant, name }) => ({
    publish: [of('admin', { tenant, admin: name })],
    subscribe: [of('adminInbox', { tenant, admin: name })],
  }),
  'control fabric-admin': ({ name }) => ({
    publish: [of('admin', { admin: name })],
    subscribe: [of('adminInbox', { tenant: 'any', admin: name })],
  }),
  'ops registry': () => ({
    publish: [raw('$JS.API.>'), raw('from.>'), raw('discovery.>')],
    subscribe: [raw('_INBOX.cloud.registry.>')],
  }),
  'ops ops': ({ tenant, name }) => ({
    publish: [raw(`_INBOX.ops.${tenant}.${name}.>`)],
    subscribe: [raw(`_INBOX.ops.${tenant}.${name}.>`), of('discovery', { tenant })],
  }),
  'ops ops-all': ({ name }) => ({
    publish: [raw(`_INBOX.ops.any.${name}.>`)],
    subscribe: [raw(`_INBOX.ops.any.${name}.>`), raw('discovery.>')],
  }),
  'control enrolling': ({ name }) => ({
    publish: [of('enroll', { grant: name })],
    subscribe: [raw(`_INBOX.enroll.${name}.>`), of('enrollInbox', { grant: name })],
  }),
  'system gateway': () => ({
    publish: [
      raw('$SYS.REQ.CLAIMS.UPDATE'),
      raw('$SYS.REQ.SERVER.*.RELOAD'),
      raw('$SYS.REQ.SERVER.PING.STATSZ'),
    ],
    subscribe: [raw('_INBOX.sys.>')],
  }),
  'system registry': () => ({
    publish: [
      raw('$SYS.REQ.CLAIMS.UPDATE'),
      raw('$SYS.REQ.CLAIMS.LIST'),
      raw('$SYS.REQ.SERVER.*.KICK'),
      raw('$SYS.REQ.SERVER.*.CONNZ'),
      raw('$SYS.REQ.SERVER.*.LEAFZ'),
      raw('$SYS.REQ.SERVER.PING.JSZ'),
      raw('$SYS.REQ.SERVER.PING.STATSZ'),
    ],
    subscribe: [
      raw('_INBOX.sys.>'),
      raw('$SYS.ACCOUNT.*.CONNECT'),
      raw('$SYS.ACCOUNT.*.DISCONNECT'),
      raw('$SYS.SERVER.*.CLIENT.AUTH.ERR'),
    ],
  }),
};

/** The rights of a holder. Throws where the table does not know the role. */
export function rightsOf(holder: Holder): Rights {
  const row = rights[`${holder.kind} ${holder.role}`];
  if (!row) throw new Error(`the table of rights has no row for the role ${holder.role} (${holder.kind})`);
  return row({ site: '', tenant: '', hosts: [], ...holder });
}
