import type { RoleTemplate } from './role-template.ts';

/**
 * Roles in a server's own system account. Whoever may update claims can also push old ones back, so no
 * server takes them from another's system account.
 */
export const systemRoles = {
  /** Pushes claims to its own site's server, has it read its remotes again, and asks what memory it has. */
  gateway: {
    publish: ['$SYS.REQ.CLAIMS.UPDATE', '$SYS.REQ.SERVER.*.RELOAD', '$SYS.REQ.SERVER.PING.STATSZ'],
    subscribe: ['_INBOX.sys.>'],
    connectionTypes: ['STANDARD'],
    subscriptions: 16,
    holder: { name: 'gateway', site: 'edge', tenant: 'none', hosts: 'none' },
  },

  /** At the hub: pushes claims, watches links and connections, cuts those that were revoked. */
  registry: {
    publish: [
      '$SYS.REQ.CLAIMS.UPDATE',
      '$SYS.REQ.CLAIMS.LIST',
      '$SYS.REQ.SERVER.*.KICK',
      '$SYS.REQ.SERVER.*.CONNZ',
      '$SYS.REQ.SERVER.*.LEAFZ',
      '$SYS.REQ.SERVER.PING.CONNZ',
      '$SYS.REQ.SERVER.PING.LEAFZ',
      '$SYS.REQ.SERVER.PING.JSZ',
      '$SYS.REQ.SERVER.PING.STATSZ',
    ],
    subscribe: [
      '_INBOX.sys.>',
      '$SYS.ACCOUNT.*.CONNECT',
      '$SYS.ACCOUNT.*.DISCONNECT',
      '$SYS.SERVER.*.CLIENT.AUTH.ERR',
    ],
    connectionTypes: ['STANDARD'],
    subscriptions: 64,
    holder: { name: { exactly: 'registry' }, site: 'cloud', tenant: 'none', hosts: 'none' },
  },
} as const satisfies Record<string, RoleTemplate>;
