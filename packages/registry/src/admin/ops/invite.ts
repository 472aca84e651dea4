import type { Invitations } from '../../joining/invitations.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** invite: makes an invitation of a site. Sites are the fabric's, whatever tenants are there. */
export function inviteOperation({ invitations }: { invitations: Invitations }) {
  return operation({
    request: 'InviteRequest',
    run(request, by) {
      requireScope(by, 'any');
      return invitations.invite(request, by.name);
    },
  });
}

/** uninvite: takes an invitation back. */
export function uninviteOperation({ invitations }: { invitations: Invitations }) {
  return operation({
    request: 'UninviteRequest',
    async run({ site }, by) {
      requireScope(by, 'any');
      return { revision: await invitations.uninvite(site) };
    },
  });
}
