import { isName, isToken, nameFault } from '@causeway/protocol';

/** The site that is the hub. */
export const hubSite = 'cloud';

/** Names of accounts. Tenants' accounts bear the tenant's name. */
export const accountNames = {
  /** At the hub alone. */
  control: 'CONTROL',
  /** The consoles', with all records and counters; at the hub alone. */
  ops: 'OPS',
  /** A site's own; its claims stay at that site. */
  site: (site: string) => `site-${site}`,
  /** A server's system account: one for each site, never shared. */
  system: (site: string) => `SYS-${site}`,
} as const;

/** What the holder of a role is called. */
export type HolderName =
  /** Any name of the grammar. */
  | 'name'
  /** A gateway replica: `gw-1`. */
  | 'gateway'
  /** The id of a grant. */
  | 'token'
  /** This one word, also where it is reserved. */
  | { readonly exactly: string };

const gatewayName = /^gw-[a-z0-9-]{1,60}$/;

/**
 * Says what is wrong with a gateway's name, or undefined. Gateways have names of their own shape since their
 * consumers stand beside those named after sites: a site called `gw-1` could rewind the gateway's.
 */
export function gatewayFault(name: string): string | undefined {
  if (gatewayName.test(name)) return undefined;
  return `gateway ${JSON.stringify(name)} must be "gw-" and 1 to 60 characters of a-z, 0-9 and "-"`;
}

/**
 * Says what is wrong with a site's name, or undefined. Consumers of a site's streams are named after it,
 * beside those of gateways and of the auditor, so these names are kept apart.
 */
export function siteFault(name: string): string | undefined {
  if (name === 'auditor' || name.startsWith('gw-')) {
    return `site "${name}" would share its consumers with a gateway or the auditor; choose another name`;
  }
  return nameFault('site', name);
}

/**
 * Says what is wrong with a tenant's name, or undefined. Files of keys and credentials are named after
 * accounts, on file systems that may not tell `CONTROL` from `control`.
 */
export function tenantFault(name: string): string | undefined {
  if (name === 'control' || name.startsWith('site-') || name.startsWith('sys-')) {
    return `tenant "${name}" reads like one of the fabric's own accounts; choose another name`;
  }
  return nameFault('tenant', name);
}

/** Says what is wrong with the name of a role's holder, or undefined. */
export function holderFault(role: string, holder: HolderName, name: string): string | undefined {
  if (holder === 'gateway') return gatewayFault(name);
  if (holder === 'name') return isName(name) ? undefined : nameFault(role, name);
  if (holder === 'token') {
    return isToken(name) ? undefined : `grant ${JSON.stringify(name)} must be 1 to 64 of A-Z a-z 0-9 _ -`;
  }
  if (name === holder.exactly) return undefined;
  return `the ${role} must be called "${holder.exactly}", not ${JSON.stringify(name)}`;
}
