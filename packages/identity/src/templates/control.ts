import { type RoleTemplate, readsOf } from './role-template.ts';

/** Roles in `CONTROL`, the account of the control plane, which only the hub knows. */
export const controlRoles = {
  /**
   * An edge's own link: its account `site-<site>` enters CONTROL through it. It speaks on two subjects that only the
   * registry's own code listens to, and the cloud's collector reads its streams through it. Nothing that JetStream at
   * the hub would answer or act on may come from here: whoever can make the hub's JetStream answer chooses where to
   * (ADR 0008). Streams are listed one by one, since `*` in their place drops interest without any error.
   */
  leaf: {
    publish: ['control.{{tag(site)}}.>', 'collect.{{tag(site)}}.>'],
    subscribe: [
      '_INBOX.{{tag(site)}}.gateway.>',
      '$JS.{{tag(site)}}.API.CONSUMER.MSG.NEXT.AUDIT.cloud',
      '$JS.{{tag(site)}}.API.CONSUMER.RESET.AUDIT.cloud',
      '$JS.{{tag(site)}}.API.CONSUMER.MSG.NEXT.FLOW.cloud',
      '$JS.{{tag(site)}}.API.CONSUMER.RESET.FLOW.cloud',
    ],
    connectionTypes: ['LEAFNODE'],
    subscriptions: 1000,
    holder: { name: 'name', site: 'edge', tenant: 'none', hosts: 'none' },
  },

  /** The gateway of the cloud: as an edge's, on streams of the cloud's own. */
  gateway: {
    publish: [
      'control.cloud.>',
      'audit.*.cloud.{{name()}}.>',
      'flow.cloud.>',
      'peer.cloud.{{name()}}.beat',
      ...readsOf('KV_compiled', '{{name()}}'),
      ...readsOf('AUDIT_cloud', '{{name()}}'),
      '$JS.API.DIRECT.GET.AUDIT_cloud.audit.*.cloud.{{name()}}.>',
      '$JS.API.DIRECT.GET.FLOW_cloud.flow.cloud.>',
    ],
    subscribe: ['_INBOX.cloud.gateway.{{name()}}.>', 'peer.cloud.*.beat'],
    connectionTypes: ['STANDARD'],
    subscriptions: -1,
    holder: { name: 'gateway', site: 'cloud', tenant: 'none', hosts: 'none' },
  },

  /** The control plane. It alone makes consumers here: whoever makes one chooses where it delivers. */
  registry: {
    publish: [
      '$JS.API.>',
      '$JS.*.API.CONSUMER.MSG.NEXT.AUDIT.cloud',
      '$JS.*.API.CONSUMER.RESET.AUDIT.cloud',
      '$JS.*.API.CONSUMER.MSG.NEXT.FLOW.cloud',
      '$JS.*.API.CONSUMER.RESET.FLOW.cloud',
      '$KV.documents.>',
      '$KV.compiled.>',
      '$KV.quotas.>',
      '$JS.FC.KV_documents.>',
      '$JS.FC.KV_compiled.>',
      'audit.*.cloud.registry.admin',
      '_INBOX.>',
    ],
    subscribe: ['control.>', 'collect.>', 'admin.>', 'enroll.>', '_INBOX.cloud.registry.>'],
    connectionTypes: ['STANDARD'],
    subscriptions: -1,
    holder: { name: { exactly: 'registry' }, site: 'none', tenant: 'none', hosts: 'none' },
  },

  /** A tenant's administrator. */
  admin: {
    publish: ['admin.{{tag(tenant)}}.{{name()}}.>'],
    subscribe: ['_INBOX.admin.{{tag(tenant)}}.{{name()}}.>'],
    connectionTypes: ['STANDARD', 'WEBSOCKET'],
    subscriptions: 64,
    holder: { name: 'name', site: 'none', tenant: 'one', hosts: 'none' },
  },

  /** An administrator of the fabric: of every tenant, and of what belongs to none (`any`). */
  'fabric-admin': {
    publish: ['admin.*.{{name()}}.>'],
    subscribe: ['_INBOX.admin.any.{{name()}}.>'],
    connectionTypes: ['STANDARD', 'WEBSOCKET'],
    subscriptions: 64,
    holder: { name: 'name', site: 'none', tenant: 'none', hosts: 'none' },
  },

  /** A joining site: whoever bears the invitation, for a quarter of an hour. Its name is the grant's id. */
  enrolling: {
    publish: ['enroll.{{name()}}'],
    subscribe: ['_INBOX.enroll.{{name()}}.>'],
    connectionTypes: ['STANDARD'],
    subscriptions: 8,
    bearer: true,
    holder: { name: 'token', site: 'none', tenant: 'none', hosts: 'none' },
  },
} as const satisfies Record<string, RoleTemplate>;
