import { isInvitationProof } from '@causeway/identity';
import {
  CausewayError,
  type Clock,
  documentKeys,
  type Enrolled,
  type EnrollRequest,
  type Invitation,
  type Random,
  type Site,
} from '@causeway/protocol';
import type { Bootstrap, Keyring } from '../config.ts';
import type { AnyDocument, DocumentStore } from '../documents/store.ts';
import type { Voiding } from '../identities/voiding.ts';
import type { SigningPapers } from './hub-papers.ts';
import type { Invitations } from './invitations.ts';
import { digestOf, requireOwnKeys, signedPart } from './joining-keys.ts';
import { withRoom } from './room.ts';
import { certificateFor, ownAccountsOf, usersOf } from './site-papers.ts';

/** Lets invited sites into the fabric. */
export interface Redemption {
  /**
   * Redeems the invitation of a grant: stores the site, and resolves with its papers. Asked again with the same keys it
   * answers again, so that a site which was cut short can go on; with other keys it refuses. Rejects with DENIED where
   * the invitation is not good, with INVALID_REQUEST for a request that will not do.
   */
  redeem(grant: string, request: EnrollRequest): Promise<Enrolled>;
}

/** Name of the one gateway replica that a site starts with. */
const firstGateway = 'gw-1';

const denied = (reason: string) => new CausewayError('DENIED', reason);

/** One answer for all who do not show the secret: they learn nothing of which invitations there are. */
const notGood =
  'this invitation is not good: it was taken back or has expired, another was made in its place, or its secret is another';

/** Creates it. `joined` is told of a site once it is stored. */
export function createRedemption(options: {
  store: DocumentStore;
  invitations: Pick<Invitations, 'ofGrant'>;
  voiding: Pick<Voiding, 'inTurn' | 'inForce'>;
  keyring: Pick<Keyring, 'operator' | 'signer'>;
  bootstrap: Pick<Bootstrap, 'control' | 'controlJwt'>;
  /** Public key of an account by its name. */
  accountKey: (name: string) => string;
  papers: SigningPapers;
  joined: (site: string) => void;
  clock: Clock;
  random: Random;
}): Redemption {
  const { store, invitations, voiding, keyring, accountKey, papers, joined, clock, random } = options;

  function goodInvitation(grant: string, request: EnrollRequest): Invitation {
    const invitation = invitations.ofGrant(grant);
    if (!invitation || !isInvitationProof(invitation.verifier, signedPart(request), request.proof)) {
      throw denied(notGood);
    }
    const { expires, redeemed, site, tenants } = invitation;
    if (expires <= clock.now()) {
      const until = new Date(expires).toISOString();
      throw denied(`the invitation of site ${site} was good until ${until}; have another made`);
    }
    if (redeemed && redeemed.keys !== digestOf(request.keys)) {
      throw denied(
        `the invitation of site ${site} was used already, with other keys, at ${new Date(redeemed.at).toISOString()}; if ` +
          `that was not you, take the site away with causeway site remove ${site}`,
      );
    }
    const gone = tenants.find((tenant) => !store.accounts.some(({ name }) => name === tenant));
    if (gone !== undefined)
      throw denied(`tenant ${gone} is no more; have another invitation of site ${site} made`);
    if (Object.keys(request.keys.tenants).sort().join() !== [...tenants].sort().join()) {
      throw new CausewayError('INVALID_REQUEST', `keys are needed for the tenants ${tenants.join(', ')}`, {
        pointer: '/keys/tenants',
      });
    }
    return invitation;
  }

  /** What redeeming it for the first time changes: all of it, or nothing. */
  async function changesOf(
    invitation: Invitation,
    request: EnrollRequest,
  ): Promise<[Site, ...AnyDocument[]]> {
    const { site: name, tenants, hosts } = invitation;
    const { keys } = request;
    if (store.get(documentKeys.site(name)) || store.get(documentKeys.formerSite(name))) throw denied(notGood);
    requireOwnKeys(request, store);
    const site: Site = {
      ...{ kind: 'site', name, tenants: { ...keys.tenants }, gateways: { [firstGateway]: [keys.gateway] } },
      ...{ leaf: keys.leaf, hosts: [...hosts] },
      own: await ownAccountsOf(name, keys, keyring, clock.now()),
    };
    const room = await withRoom({ ...options, tenants });
    const redeemed = { at: Math.round(clock.now()), keys: digestOf(keys) };
    return [site, ...room, { ...invitation, redeemed }];
  }

  async function papersOf(site: Site, request: EnrollRequest): Promise<Enrolled> {
    const { name, own = [], hosts = [] } = site;
    const certificate = await certificateFor(
      request,
      { name, hosts },
      {
        ...{ ca: await papers.issuingCa(), clock, random },
      },
    );
    const claims = store.accounts.filter((account) => Object.hasOwn(site.tenants, account.name));
    const [account, system] = own.map(({ jwt }) => jwt);
    return {
      ...{ site: name, gateway: firstGateway, time: Math.round(clock.now()), certificate },
      operator: await papers.operator(),
      accounts: {
        [`site-${name}`]: account as string,
        [`SYS-${name}`]: system as string,
        ...Object.fromEntries(claims.map(({ name, jwt }) => [name, jwt])),
      },
      users: await usersOf(site, firstGateway, { keyring, accountKey, now: clock.now() }),
      hub: papers.hub().leaf,
    };
  }

  /**
   * The documents that it all rests on. Others may change without end, as policies do; keys are issued in turn with this.
   */
  const basis = (): readonly unknown[] => [
    store.get(documentKeys.control),
    ...store.all.sites,
    ...store.accounts,
    ...store.invitations,
  ];

  async function redeem(grant: string, request: EnrollRequest): Promise<Enrolled> {
    for (;;) {
      const before = basis();
      const invitation = goodInvitation(grant, request);
      const name = invitation.site;
      if (invitation.redeemed) {
        const site = store.get(documentKeys.site(name));
        if (site?.kind !== 'site')
          throw denied(`site ${name} joined, and was removed since; have another invited`);
        if (site.revoked) throw new CausewayError('REVOKED', `site ${name} was revoked`);
        joined(name);
        await voiding.inForce();
        return papersOf(site, request);
      }
      const [site, ...others] = await changesOf(invitation, request);
      // Before anything is stored: what cannot be had must not use the invitation up.
      const given = await papersOf(site, request);
      // Another site joined meanwhile, or the invitation was taken back.
      const now = basis();
      if (now.length !== before.length || now.some((each, index) => each !== before[index])) continue;
      await store.put([site, ...others]);
      joined(name);
      await voiding.inForce();
      // The claims of its tenants may have changed with it.
      return { ...given, accounts: (await papersOf(site, request)).accounts };
    }
  }

  return {
    // One after the other, and never while claims are being changed by a revocation.
    redeem: (grant, request) => voiding.inTurn(() => redeem(grant, request)),
  };
}
