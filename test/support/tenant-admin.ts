import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { createKeys, formatCreds, issueUser, writeSecret } from '@causeway/identity';
import { systemClock, systemRandom } from '@causeway/transport';
import type { TestFabric } from './fabric.ts';

/** Makes credentials of a tenant's administrator, as the fabric's makes them, and gives their path. */
export async function tenantAdmin(fabric: TestFabric, tenant: string, name: string): Promise<string> {
  const { bootstrap, registry } = fabricLayout(fabric.dir);
  const { control } = JSON.parse(await readFile(bootstrap, 'utf8')) as { control: string };
  const user = createKeys('user', systemRandom);
  const { jwt } = await issueUser({
    account: { kind: 'control', name: 'CONTROL', publicKey: control },
    role: 'admin',
    name,
    tags: { tenant },
    key: user.publicKey,
    signer: (await readFile(path.join(registry, 'keys', 'CONTROL.admin.nk'), 'utf8')).trim(),
    now: systemClock.now(),
  });
  const file = path.join(path.dirname(fabric.dir), `${tenant}-${name}.creds`);
  await writeSecret(file, formatCreds(jwt, user.seed));
  return file;
}
