import { type RoleTemplate, readsOf } from './role-template.ts';

/** Roles in an edge's own account `site-<site>`, which no other server knows. */
export const siteRoles = {
  /** Makes the site's streams and consumers, alone may purge them, and stores what the registry compiled. */
  broker: {
    publish: ['$JS.API.>', '$KV.compiled.{{tag(site)}}.>'],
    subscribe: ['_INBOX.{{tag(site)}}.broker.>'],
    connectionTypes: ['STANDARD'],
    subscriptions: -1,
    holder: { name: { exactly: 'broker' }, site: 'edge', tenant: 'none', hosts: 'none' },
  },

  /** Records, counts and reports; reads what the hub compiled for this site, and the end of its own chains. */
  gateway: {
    publish: [
      'control.{{tag(site)}}.>',
      'audit.*.{{tag(site)}}.{{name()}}.>',
      'flow.{{tag(site)}}.>',
      'peer.{{tag(site)}}.{{name()}}.beat',
      ...readsOf('KV_compiled', '{{name()}}'),
      ...readsOf('AUDIT', '{{name()}}'),
      '$JS.API.DIRECT.GET.AUDIT.audit.*.{{tag(site)}}.{{name()}}.>',
      '$JS.API.DIRECT.GET.FLOW.flow.{{tag(site)}}.>',
    ],
    subscribe: ['_INBOX.{{tag(site)}}.gateway.{{name()}}.>', 'peer.{{tag(site)}}.*.beat'],
    connectionTypes: ['STANDARD'],
    subscriptions: -1,
    holder: { name: 'gateway', site: 'edge', tenant: 'none', hosts: 'none' },
  },

  /** Hears the site's records, by the one consumer that the broker made for it; asks for nothing, as a console. */
  auditor: {
    publish: ['_INBOX.{{tag(site)}}.auditor.>'],
    subscribe: ['_INBOX.{{tag(site)}}.auditor.>'],
    connectionTypes: ['STANDARD', 'WEBSOCKET'],
    subscriptions: 16,
    holder: { name: { exactly: 'auditor' }, site: 'edge', tenant: 'none', hosts: 'none' },
  },
} as const satisfies Record<string, RoleTemplate>;
