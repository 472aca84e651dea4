import { createKeys, formatCreds, writeSecret } from '@causeway/identity';
import type { IssueRequest, Random } from '@causeway/protocol';
import type { AdminClient } from './client.ts';

/** A new identity: `TENANT/SITE/NAME`, and where its credentials go. */
export interface NewService {
  readonly tenant: string;
  readonly site: string;
  readonly service: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** File of the credentials; written with mode 0600. */
  readonly out: string;
}

/**
 * Makes a service's key here, has the public half signed, and writes the credentials. The seed goes nowhere
 * else. Rejects with a CausewayError, and then writes nothing.
 */
export async function addService(
  admin: AdminClient,
  service: NewService,
  random: Random,
): Promise<{ key: string }> {
  const keys = createKeys('user', random);
  const request: IssueRequest = {
    tenant: service.tenant,
    site: service.site,
    service: service.service,
    key: keys.publicKey,
    ...(service.labels === undefined ? {} : { labels: { ...service.labels } }),
  };
  const { jwt } = await admin.issue(request);
  await writeSecret(service.out, formatCreds(jwt, keys.seed));
  return { key: keys.publicKey };
}
