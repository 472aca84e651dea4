import type { RoleTemplate } from './role-template.ts';

/**
 * Roles in `OPS`, the account of consoles, which only the hub knows. A console asks JetStream for nothing: whoever may
 * send it any request can name any reply subject, and the answer is published there without a question, also as
 * another request. Records come to a console's inbox instead, by consumers that the registry made (ADR 0008).
 */
export const opsRoles = {
  /** Stores what the registry collected, makes the consoles' consumers, and announces to them. */
  registry: {
    publish: ['$JS.API.>', 'from.>', 'discovery.>'],
    subscribe: ['_INBOX.cloud.registry.>'],
    connectionTypes: ['STANDARD'],
    subscriptions: -1,
    holder: { name: { exactly: 'registry' }, site: 'none', tenant: 'none', hosts: 'none' },
  },

  /** A console of one tenant; what comes to its inbox is that tenant's. */
  ops: {
    // Nothing to say; but an empty list would mean everything.
    publish: ['_INBOX.ops.{{tag(tenant)}}.{{name()}}.>'],
    subscribe: ['_INBOX.ops.{{tag(tenant)}}.{{name()}}.>', 'discovery.{{tag(tenant)}}.>'],
    connectionTypes: ['STANDARD', 'WEBSOCKET'],
    subscriptions: 64,
    holder: { name: 'name', site: 'none', tenant: 'one', hosts: 'none' },
  },

  /** A console of the whole fabric. */
  'ops-all': {
    publish: ['_INBOX.ops.any.{{name()}}.>'],
    subscribe: ['_INBOX.ops.any.{{name()}}.>', 'discovery.>'],
    connectionTypes: ['STANDARD', 'WEBSOCKET'],
    subscriptions: 64,
    holder: { name: 'name', site: 'none', tenant: 'none', hosts: 'none' },
  },
} as const satisfies Record<string, RoleTemplate>;
