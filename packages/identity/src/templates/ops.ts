import { type RoleTemplate, readsOf } from './role-template.ts';

/**
 * Roles in `OPS`, the account of consoles, which only the hub knows. JetStream answers to whatever reply subject is
 * named in a request, without asking whether the requester might publish there; so whoever may read a consumer can
 * make the server publish anywhere in the account. Here there is nothing to hit: the two streams listen on a subject
 * that is a secret of the registry (ADR 0008).
 */
export const opsRoles = {
  /** Stores what the registry collected, makes the consoles' consumers, and announces to them. */
  registry: {
    publish: ['$JS.API.>', 'in.>', 'discovery.>'],
    subscribe: ['_INBOX.cloud.registry.>'],
    connectionTypes: ['STANDARD'],
    subscriptions: -1,
    holder: { name: { exactly: 'registry' }, site: 'none', tenant: 'none', hosts: 'none' },
  },

  /** A console of one tenant; the registry made its consumers, filtered to that tenant. */
  ops: {
    publish: [
      ...readsOf('AUDIT', 'ops-{{name()}}'),
      ...readsOf('FLOW', 'ops-{{name()}}'),
      '$JS.API.DIRECT.GET.FLOW.from.*.flow.*.{{tag(tenant)}}.>',
    ],
    subscribe: ['_INBOX.ops.{{tag(tenant)}}.{{name()}}.>', 'discovery.{{tag(tenant)}}.>'],
    connectionTypes: ['STANDARD', 'WEBSOCKET'],
    subscriptions: 64,
    holder: { name: 'name', site: 'none', tenant: 'one', hosts: 'none' },
  },

  /** A console of the whole fabric. */
  'ops-all': {
    publish: [
      ...readsOf('AUDIT', 'ops-{{name()}}'),
      ...readsOf('FLOW', 'ops-{{name()}}'),
      '$JS.API.DIRECT.GET.FLOW',
      '$JS.API.DIRECT.GET.FLOW.>',
    ],
    subscribe: ['_INBOX.ops.any.{{name()}}.>', 'discovery.>'],
    connectionTypes: ['STANDARD', 'WEBSOCKET'],
    subscriptions: 64,
    holder: { name: 'name', site: 'none', tenant: 'none', hosts: 'none' },
  },
} as const satisfies Record<string, RoleTemplate>;
