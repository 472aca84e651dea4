import {
  canonicalHost,
  createInvitationSecret,
  createKeys,
  formatInvitation,
  hostFault,
  issueUser,
  ownMachine,
  siteFault,
} from '@causeway/identity';
import { didYouMean } from '@causeway/policy';
import {
  CausewayError,
  type Clock,
  documentKeys,
  type Invitation,
  type InviteReply,
  type InviteRequest,
  type Random,
} from '@causeway/protocol';
import type { Keyring } from '../config.ts';
import type { DocumentStore } from '../documents/store.ts';
import type { SigningPapers } from './hub-papers.ts';

/** Invitations of sites: made, taken back, looked up, and cleared away when they have expired. */
export interface Invitations {
  /** Makes one, in place of one that the site has. Throws INVALID_REQUEST for a site that cannot be invited. */
  invite(request: InviteRequest, by: string): Promise<InviteReply>;
  /** Takes one back; resolves with the revision. Throws INVALID_REQUEST where there is none. */
  uninvite(site: string): Promise<number>;
  /** The one of a grant, expired or not. */
  ofGrant(grant: string): Invitation | undefined;
  /** Deletes those that have expired. */
  purge(): Promise<void>;
}

const lifetimeMs = 15 * 60 * 1_000;

const refuse = (reason: string, pointer: string) => new CausewayError('INVALID_REQUEST', reason, { pointer });

/** Creates it. */
export function createInvitations(options: {
  store: DocumentStore;
  keyring: Pick<Keyring, 'operator' | 'signer'>;
  /** Public key of CONTROL. */
  control: string;
  papers: SigningPapers;
  clock: Pick<Clock, 'now'>;
  random: Random;
}): Invitations {
  const { store, keyring, control, papers, clock, random } = options;

  function requireNew(site: string): void {
    const fault = siteFault(site);
    if (fault) throw refuse(fault, '/site');
    const standing = store.get(documentKeys.site(site));
    if (standing?.kind === 'site') {
      const what = standing.revoked
        ? `site ${site} was revoked, and its name is still taken: causeway site remove ${site} deletes it; or invite one of another name`
        : `there is a site ${site} already; choose another name`;
      throw refuse(what, '/site');
    }
    if (store.get(documentKeys.formerSite(site)) !== undefined) {
      throw refuse(
        `a site ${site} was removed; its records are kept under that name, so a new one needs another`,
        '/site',
      );
    }
  }

  function tenantsOf({ tenants }: InviteRequest): string[] {
    const all = store.accounts.map(({ name }) => name);
    for (const [index, tenant] of (tenants ?? []).entries()) {
      if (all.includes(tenant)) continue;
      throw refuse(`there is no tenant ${tenant}${didYouMean(tenant, all)}`, `/tenants/${index}`);
    }
    return [...new Set(tenants ?? all)].sort();
  }

  return {
    async invite(request, by) {
      const { site, hosts = [], expires = lifetimeMs } = request;
      requireNew(site);
      const tenants = tenantsOf(request);
      for (const [index, host] of hosts.entries()) {
        const fault = hostFault(host);
        if (fault) throw refuse(fault, `/hosts/${index}`);
      }
      // What is missing is to be said now, not to the site that joins.
      const hub = papers.hub();
      await papers.operator();
      await papers.issuingCa();
      const created = Math.round(clock.now());
      const { seed, verifier } = createInvitationSecret(random);
      const grant = Buffer.from(random.bytes(12)).toString('base64url');
      const allowed = [...new Set([site, ...hosts, ...ownMachine].map(canonicalHost))];
      const { jwt } = await issueUser({
        account: { kind: 'control', name: 'CONTROL', publicKey: control },
        role: 'enrolling',
        name: grant,
        tags: {},
        // The key is not needed to bear the JWT, and must not say which secret belongs to it.
        key: createKeys('user', random).publicKey,
        signer: keyring.signer('CONTROL', 'enrolling'),
        now: created,
        expires: created + Math.min(expires, lifetimeMs),
      });
      const until = created + Math.min(expires, lifetimeMs);
      const invitation: Invitation = {
        ...{ kind: 'invitation', site, grant, verifier, tenants, hosts: allowed, created },
        ...{ expires: until, by },
      };
      requireNew(site);
      const revision = await store.put([invitation]);
      const token = formatInvitation({
        ...{ hub: [hub.client], ca: hub.ca, site, tenants, hosts: allowed, expires: until, jwt },
        secret: seed,
      });
      return { token, site, tenants, hosts: allowed, expires: until, revision };
    },
    async uninvite(site) {
      const key = documentKeys.invitation(site);
      const standing = store.get(key);
      if (standing?.kind !== 'invitation' || standing.redeemed) {
        const joined = store.get(documentKeys.site(site)) !== undefined;
        const hint = joined
          ? `; it has joined: causeway site remove ${site}`
          : '; causeway get invitations lists them';
        throw refuse(`site ${site} has no invitation that is open${hint}`, '/site');
      }
      return store.put([], [key]);
    },
    ofGrant: (grant) => store.invitations.find((each) => each.grant === grant),
    async purge() {
      const now = clock.now();
      const expired = store.invitations.filter(({ expires }) => expires <= now);
      if (expired.length > 0)
        await store.put(
          [],
          expired.map(({ site }) => documentKeys.invitation(site)),
        );
    },
  };
}
