import type { Site } from '@causeway/protocol';
import type { DocumentStore } from '../documents/store.ts';

/**
 * All public keys that are somebody's, as the documents name them. A site that named one of them as its own would have it
 * voided with its own: the registry's too, which signs the records that everybody may read.
 */
export function knownKeys({ all, accounts }: Pick<DocumentStore, 'all' | 'accounts'>): Set<string> {
  const ofSite = (site: Site) => [
    ...(site.leaf === undefined ? [] : [site.leaf]),
    ...Object.values(site.tenants).flatMap(({ gateway, leaf }) => [
      gateway,
      ...(leaf === undefined ? [] : [leaf]),
    ]),
    ...Object.values({ ...site.retired, ...site.gateways }).flat(),
    ...Object.values(site.replaced ?? {}).flatMap((of) => Object.values(of)),
    ...(site.registry ?? []),
    ...(site.own ?? []).map(({ publicKey }) => publicKey),
  ];
  return new Set([
    ...all.sites.flatMap(ofSite),
    ...all.services.flatMap(({ keys }) => keys),
    ...accounts.map(({ publicKey }) => publicKey),
  ]);
}
