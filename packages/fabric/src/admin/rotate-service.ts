import { stat } from 'node:fs/promises';
import { createKeys, formatCreds, writeSecret } from '@causeway/identity';
import type { Random } from '@causeway/protocol';
import { readCreds, tagOf } from '@causeway/transport';
import { FabricError } from '../settings.ts';
import type { NewService } from './add-service.ts';
import type { AdminClient } from './client.ts';

/** Throws a FabricError where the file to be replaced is there, and holds anything but credentials of that service. */
async function requireOwn({ site, service, out }: Omit<NewService, 'labels'>): Promise<void> {
  if ((await stat(out).catch(() => undefined)) === undefined) return;
  let found: ReturnType<typeof readCreds>;
  try {
    found = readCreds(out);
  } catch (cause) {
    throw new FabricError(`${out} would be replaced, and is not to be: ${(cause as Error).message}`, {
      cause,
    });
  }
  const at = tagOf(found, 'site');
  if (found.name === service && at === site) return;
  throw new FabricError(
    `${out} has the credentials of ${found.name} of site ${at}, not of ${service} of ${site}; choose another file`,
  );
}

/**
 * Gives a service a new key: makes it here, has its public half signed, and puts the credentials in the place of those
 * before, which stay valid for `grace` milliseconds. Rejects with a CausewayError, and then writes nothing.
 */
export async function rotateService(
  admin: AdminClient,
  { tenant, site, service, out, grace }: Omit<NewService, 'labels'> & { readonly grace: number },
  random: Random,
): Promise<{ key: string; retiring: Readonly<Record<string, number>> }> {
  await requireOwn({ tenant, site, service, out });
  const keys = createKeys('user', random);
  const { jwt, retiring } = await admin.rotateService({ tenant, site, service, key: keys.publicKey, grace });
  await writeSecret(out, formatCreds(jwt, keys.seed));
  return { key: keys.publicKey, retiring };
}
