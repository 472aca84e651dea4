import type { RoleTemplate } from './role-template.ts';

/** Roles in a tenant's account, which the hub and the tenant's sites share. */
export const tenantRoles = {
  /** Calls and answers under its own name; hears only what its own site's gateway hands it. */
  service: {
    publish: [
      'call.{{tag(site)}}.{{name()}}.>',
      'registry.{{tag(site)}}.{{name()}}.>',
      'answer.{{tag(site)}}.{{name()}}.>',
    ],
    subscribe: [
      'serve.{{tag(site)}}.{{name()}}.>',
      '_INBOX.{{tag(site)}}.{{name()}}.>',
      'notify.{{tag(site)}}.{{name()}}.>',
    ],
    connectionTypes: ['STANDARD', 'WEBSOCKET'],
    subscriptions: 128,
    holder: { name: 'name', site: 'any', tenant: 'none', hosts: 'none' },
  },

  /** The only one to hear calls and to speak to services; `any` calls only of services its site may host. */
  gateway: {
    publish: ['serve.{{tag(site)}}.>', '_INBOX.>', 'notify.{{tag(site)}}.>'],
    subscribe: [
      'call.*.*.{{tag(site)}}.>',
      'call.*.*.any.{{tag(hosts)}}.>',
      'registry.{{tag(site)}}.>',
      'answer.{{tag(site)}}.>',
    ],
    connectionTypes: ['STANDARD'],
    subscriptions: -1,
    holder: { name: 'gateway', site: 'any', tenant: 'none', hosts: 'many' },
  },

  /**
   * An edge's link to the hub. Publish is what may flow from the edge to the hub, subscribe what it may
   * receive. Publish entries have no `*`: nats-server drops interest silently for those. In the subscribe
   * entries it is safe, as gateways subscribe to narrower subjects only.
   */
  leaf: {
    publish: ['call.{{tag(site)}}.>', '_INBOX.>'],
    subscribe: ['call.*.*.{{tag(site)}}.>', 'call.*.*.any.{{tag(hosts)}}.>', '_INBOX.{{tag(site)}}.>'],
    connectionTypes: ['LEAFNODE'],
    subscriptions: 5000,
    holder: { name: 'name', site: 'edge', tenant: 'none', hosts: 'many' },
  },
} as const satisfies Record<string, RoleTemplate>;
