import { isUsedAt, type PolicyDocument } from '@causeway/policy';
import { documentKeys, type QuotaReply, type QuotaRequest, type Service } from '@causeway/protocol';
import type { DocumentStore } from '../documents/store.ts';
import type { QuotaLedger, Share, ShareRequest } from './ledger.ts';

type Asked = QuotaRequest['shares'][number];

/** Answers what gateways ask of quotas: only of policies that stand, for callers there are, of APIs they host. */
export interface QuotaDesk {
  /** Books shares for a site of tenants that are there. Rejects where they cannot be stored. */
  answer(site: string, shares: readonly Asked[]): Promise<QuotaReply['shares']>;
}

/** Creates the desk. `isPresent` says whether a tenant is at a site. */
export function createQuotaDesk(options: {
  store: Pick<DocumentStore, 'get' | 'all'>;
  ledger: Pick<QuotaLedger, 'book'>;
  isPresent: (tenant: string, site: string) => boolean;
}): QuotaDesk {
  const { store, ledger, isPresent } = options;
  let filed: { readonly of: object; readonly bySite: ReadonlyMap<string, readonly Service[]> } | undefined;

  /** Identities of a tenant that serve something at a site. */
  function hostsAt(site: string, tenant: string): readonly Service[] {
    const { services } = store.all;
    if (filed?.of !== services) {
      const bySite = new Map<string, Service[]>();
      for (const service of services) {
        if ((service.hosts ?? []).length === 0) continue;
        const key = `${service.tenant}.${service.site}`;
        const found = bySite.get(key);
        if (found) found.push(service);
        else bySite.set(key, [service]);
      }
      filed = { of: services, bySite };
    }
    return filed.bySite.get(`${tenant}.${site}`) ?? [];
  }

  /** The whole quota that a share is asked of; or why the site may have none of it. */
  function amountOf(site: string, { tenant, policy: name, from, unit, window }: Asked): number | string {
    // The same words whatever is lacking of another tenant's: a site learns nothing of it.
    const unknown = `site ${site} serves nothing under policy ${name} of tenant ${tenant} that has such a quota`;
    if (!isPresent(tenant, site)) return unknown;
    const policy = store.get(documentKeys.policy(tenant, name));
    const caller = store.get(documentKeys.service(tenant, from.site, from.service));
    if (policy?.kind !== 'policy') return unknown;
    const amount = policy.limits?.quota?.[unit]?.[window];
    if (amount === undefined) return unknown;
    if (caller?.kind !== 'service' || !isPresent(tenant, from.site)) {
      return `there is no identity ${tenant}/${from.site}/${from.service}`;
    }
    return isUsedAt(policy as PolicyDocument, caller, hostsAt(site, tenant)) ? amount : unknown;
  }

  return {
    async answer(site, shares) {
      const amounts = shares.map((asked) => amountOf(site, asked));
      const requests: ShareRequest[] = [];
      for (const [index, asked] of shares.entries()) {
        const amount = amounts[index];
        if (typeof amount === 'number') requests.push({ ...asked, site, amount });
      }
      const booked: Share[] = requests.length === 0 ? [] : await ledger.book(requests);
      let next = 0;
      return amounts.map((amount) =>
        typeof amount === 'number' ? { ...(booked[next++] as Share) } : { granted: 0, refused: amount },
      );
    },
  };
}
