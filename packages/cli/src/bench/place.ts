import { readFabric } from '@causeway/fabric';
import { CommandFailure, UsageError } from '../failure.ts';

/** Where the calls of a bench come from and go to. */
export interface BenchPlace {
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Completes what was asked for by what the fabric has: its only tenant, its first edge. Throws a UsageError or
 * CommandFailure that names what there is.
 */
export async function placeOf({
  dir,
  tenant,
  from,
  to,
}: {
  readonly dir: string;
  readonly tenant?: string;
  readonly from: string;
  readonly to?: string;
}): Promise<BenchPlace> {
  const { sites, tenants } = await readFabric(dir);
  const [only, ...others] = tenants;
  const whose = tenant ?? (others.length === 0 ? only : undefined);
  if (whose === undefined) throw new UsageError(`name a --tenant, one of ${tenants.join(', ')}`);
  if (!tenants.includes(whose)) {
    throw new CommandFailure(`there is no tenant ${whose}; there is ${tenants.join(', ')}`);
  }
  const goal = to ?? sites[1] ?? from;
  const stranger = [from, goal].find((site) => !sites.includes(site));
  if (stranger) throw new CommandFailure(`there is no site ${stranger}; there is ${sites.join(', ')}`);
  return { tenant: whose, from, to: goal };
}
