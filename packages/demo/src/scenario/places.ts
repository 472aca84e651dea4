import type { FabricSummary } from '@causeway/fabric';

/** Where something of the demonstration is: the cloud, exchange A's site or desk B's. */
export type Place = 'cloud' | 'a' | 'b';

/** The fabric's sites by their part in the demonstration, and the tenant it plays in. */
export interface Stage {
  readonly tenant: string;
  readonly sites: Readonly<Record<Place, string>>;
}

/** Gives the parts to the first tenant and the first two edges. Throws an Error where there are too few. */
export function stageOf({ sites, tenants }: Pick<FabricSummary, 'sites' | 'tenants'>): Stage {
  const [cloud, a, b] = sites.map(({ name }) => name);
  const [tenant] = tenants;
  if (cloud === undefined || a === undefined || b === undefined || tenant === undefined) {
    throw new Error(
      `the demonstration needs two edge sites and a tenant; this fabric has the sites ` +
        `${sites.map(({ name }) => name).join(', ')} and the tenants ${tenants.join(', ') || 'none'}`,
    );
  }
  return { tenant, sites: { cloud, a, b } };
}

/** `cloud → A`, `inside B`: the way a call goes. */
export function directionOf(from: Place, to: Place): string {
  const names = { cloud: 'cloud', a: 'A', b: 'B' };
  return from === to ? `inside ${names[from]}` : `${names[from]} → ${names[to]}`;
}
