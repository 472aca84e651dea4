import { isPublicKey } from '@causeway/identity';
import {
  CausewayError,
  documentKeys,
  type IssueReply,
  type IssueRequest,
  nameFault,
  type Service,
} from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import { type Standings, standingSites } from '../../control/standings.ts';
import type { DocumentStore } from '../../documents/store.ts';
import type { IdentityReceipts } from '../../identities/receipts.ts';
import { type Signers, signedBy } from '../../identities/signers.ts';
import type { UserIssuer } from '../../identities/user-issuer.ts';
import { type Voiding, voidUntil } from '../../identities/voiding.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** So long is waited for the sites that admit its calls to know a new identity, in ms; with labels, before they must. */
const knownMs = { unlabelled: 1_000, labelled: 5_000 } as const;

/** issue: signs a key that was made where it will be used, as a service. */
export function issueOperation(options: {
  store: DocumentStore;
  compiler: Compiler;
  users: UserIssuer;
  signers: Pick<Signers, 'replaced'>;
  voiding: Pick<Voiding, 'inTurn'>;
  receipts: IdentityReceipts;
  standings: Pick<Standings, 'reached'>;
}) {
  const { store, compiler, users, signers, voiding, receipts, standings } = options;

  /**
   * Whoever bears a label must not call before sites know it: a deny by label would not mean him yet. Throws UNREACHABLE
   * where a site that can be reached does not have it in time; the key may be signed again then.
   */
  async function requireLabelsKnown(since: number): Promise<void> {
    const wanted = { revision: store.revision, since: Math.min(since, store.revision) };
    const sites = await standings.reached(wanted, knownMs.labelled, () => standingSites(store, 'any'));
    const behind = sites.filter(({ state }) => state === 'behind').map(({ site }) => site);
    if (behind.length === 0) return;
    const reason = `labels are not in force at ${behind.join(', ')} yet; no credentials were given, try again`;
    throw new CausewayError('UNREACHABLE', reason);
  }

  async function sign({ tenant, site, service, key, labels }: IssueRequest): Promise<string> {
    const place = store.get(documentKeys.site(site));
    if (place?.kind !== 'site') {
      throw new CausewayError('INVALID_REQUEST', `there is no site ${site}; causeway get sites lists them`, {
        pointer: '/site',
      });
    }
    if (place.revoked) {
      throw new CausewayError('INVALID_REQUEST', `site ${site} was revoked; it takes no new identities`, {
        pointer: '/site',
      });
    }
    if (!Object.hasOwn(place.tenants, tenant)) {
      throw new CausewayError('INVALID_REQUEST', `tenant ${tenant} is not at site ${site}`, {
        pointer: '/tenant',
      });
    }
    const account = store.get(documentKeys.account(tenant));
    const revoked = account?.kind === 'account' ? voidUntil(account.jwt, key) : undefined;
    const jwt = await users.service(tenant, site, service, key, revoked);
    // Read and written with nothing in between, or a registration of the same moment would be lost.
    const standing = store.get(documentKeys.service(tenant, site, service));
    const before = standing?.kind === 'service' ? standing : undefined;
    const next: Service = {
      ...before,
      kind: 'service',
      tenant,
      site,
      name: service,
      ...signedBy(signers, { tenant, ...before }, key),
      keys: [...new Set([...(before?.keys ?? []), key])],
      ...(labels === undefined ? {} : { labels }),
    };
    // Another key for an identity that stands changes no table.
    if (!before || labels !== undefined) compiler.requireFitting([next]);
    await store.put([next]);
    return jwt;
  }

  return operation({
    request: 'IssueRequest',
    async run(request, by): Promise<IssueReply> {
      const { tenant, service, key } = request;
      requireScope(by, tenant);
      const fault = nameFault('service', service);
      if (fault) throw new CausewayError('INVALID_REQUEST', fault, { pointer: '/service' });
      if (!isPublicKey('user', key)) {
        throw new CausewayError('INVALID_REQUEST', 'key is not the public key of a user (U…)', {
          pointer: '/key',
        });
      }
      // Not while a revocation is under way: it would not know of the key, and a site that is cut off would have one
      // that is valid.
      const since = store.revision + 1;
      const jwt = await voiding.inTurn(() => sign(request));
      await compiler.run();
      if (request.labels !== undefined) await requireLabelsKnown(since);
      // Sites that admit its calls must know that it is there before it makes one.
      const sites = store.all.sites.filter((site) => Object.hasOwn(site.tenants, tenant) && !site.revoked);
      await receipts.collect(sites, knownMs.unlabelled, tenant);
      return { jwt, revision: store.revision };
    },
  });
}
