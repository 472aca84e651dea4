import { type AccountDocument, encodeJson, subjects } from '@causeway/protocol';
import type { NatsConnection } from 'nats';
import type { DocumentStore } from '../documents/store.ts';

/** The last token of the subject on which a gateway is told claims that are new. */
const claimsToken = 'claims';
/** Longer claims come with the tables alone. */
const longestBytes = 256 * 1024;

/** Tells gateways new claims of accounts without the way round over their tables, so that what is void is cut at once. */
export interface ClaimsHint {
  /** Tells those that changed since it was asked last. What is lost comes with the tables all the same. */
  tell(): void;
}

/** Creates it; the claims of now count as told. */
export function createClaimsHint(options: {
  connection: Pick<NatsConnection, 'publish'>;
  store: Pick<DocumentStore, 'accounts' | 'all'>;
}): ClaimsHint {
  const { connection, store } = options;
  const told = new Map(store.accounts.map(({ publicKey, jwt }) => [publicKey, jwt]));

  function tellOne({ name, jwt }: AccountDocument): void {
    const body = encodeJson({ jwt });
    if (body.length > longestBytes) return;
    for (const site of store.all.sites) {
      if (!Object.hasOwn(site.tenants, name)) continue;
      for (const gateway of Object.keys(site.gateways)) {
        const fields = { site: site.name, caller: 'gateway', connection: gateway, token: claimsToken };
        connection.publish(subjects.inbox.build(fields), body);
      }
    }
  }

  return {
    tell() {
      for (const account of store.accounts) {
        if (told.get(account.publicKey) === account.jwt) continue;
        told.set(account.publicKey, account.jwt);
        tellOne(account);
      }
    },
  };
}
