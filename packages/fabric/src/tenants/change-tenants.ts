import { CausewayError, type RemoveTenantReply } from '@causeway/protocol';
import { type AdminClient, type ClientPorts, connectAdmin } from '../admin/client.ts';
import { addTenant } from '../founding/add-tenant.ts';
import { fabricLayout } from '../layout.ts';
import { readFabric, writeFabric } from '../settings.ts';
import { whileChanging } from '../up/changing.ts';
import { lockHolder } from '../up/lock.ts';
import { requireNoParts } from '../up/part-lock.ts';
import { awaitTenant, hasTenant, lacksTenant, type TenantProgress } from './await-tenant.ts';

/** A tenant that was brought to sites. */
export interface TenantAdded extends TenantProgress {
  readonly tenant: string;
  /** Public key of its account. */
  readonly account: string;
  /** False where nothing runs: it is in force from the next start on. */
  readonly up: boolean;
}

/** A tenant that was taken away. */
export interface TenantRemoved extends RemoveTenantReply, TenantProgress {}

async function withAdmin<T>(
  dir: string,
  ports: ClientPorts,
  work: (admin: AdminClient) => Promise<T>,
): Promise<T> {
  const admin = await connectAdmin(dir, ports);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

async function rememberTenants(dir: string, change: (tenants: readonly string[]) => string[]): Promise<void> {
  await whileChanging(fabricLayout(dir), async () => {
    const settings = await readFabric(dir);
    await writeFabric(dir, { ...settings, tenants: change(settings.tenants) });
  });
}

/**
 * Brings a tenant to sites of a fabric that runs, founding it where there is none of that name: what runs goes on as it
 * is. Done again, it completes what is missing. Where nothing of the fabric runs here, and no sites are named, the tenant
 * is founded in its folder. Rejects with a CausewayError or FabricError.
 */
export async function bringTenant(
  dir: string,
  tenant: string,
  options: { readonly sites?: readonly string[] | undefined },
  ports: ClientPorts,
): Promise<TenantAdded> {
  try {
    return await withAdmin(dir, ports, async (admin) => {
      const { account, sites } = await admin.addTenant(tenant, options.sites);
      await rememberTenants(dir, (tenants) => [...new Set([...tenants, tenant])]);
      const progress = await awaitTenant(admin, { sites, lack: lacksTenant(tenant), clock: ports.clock });
      return { tenant, account, up: true, ...progress };
    });
  } catch (error) {
    const layout = fabricLayout(dir);
    const isDown = error instanceof CausewayError && error.code === 'UNREACHABLE';
    if (!isDown || options.sites !== undefined) throw error;
    if ((await lockHolder(layout.lock)) !== undefined) throw error;
    await requireNoParts(layout);
    const { account, sites, elsewhere } = await addTenant(dir, tenant, ports);
    const why = 'no folder of it is here: causeway tenant add brings it there once the fabric runs';
    return { tenant, account, up: false, done: sites, waiting: elsewhere.map((site) => ({ site, why })) };
  }
}

/** Takes a tenant away from a site, or from the fabric for good. Rejects with a CausewayError where it is in use. */
export async function removeTenant(
  dir: string,
  tenant: string,
  options: { readonly site?: string | undefined; readonly force?: boolean },
  ports: ClientPorts,
): Promise<TenantRemoved> {
  return withAdmin(dir, ports, async (admin) => {
    const removed = await admin.removeTenant(tenant, options);
    if (options.site === undefined) {
      await rememberTenants(dir, (tenants) => tenants.filter((each) => each !== tenant));
    }
    const progress = await awaitTenant(admin, {
      sites: removed.sites,
      lack: hasTenant(tenant),
      clock: ports.clock,
    });
    return { ...removed, ...progress };
  });
}
