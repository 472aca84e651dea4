import { hubSite } from '@causeway/identity';
import { documentKeys } from '@causeway/protocol';
import type { DocumentStore } from '../documents/store.ts';

/** Writes down the key that signs the registry's blocks, beside those that did before: with them its chains verify. */
export async function keepSigner(
  store: Pick<DocumentStore, 'get' | 'put'>,
  publicKey: string,
): Promise<void> {
  const cloud = store.get(documentKeys.site(hubSite));
  if (cloud?.kind !== 'site' || cloud.registry?.includes(publicKey)) return;
  await store.put([{ ...cloud, registry: [...(cloud.registry ?? []), publicKey] }]);
}
