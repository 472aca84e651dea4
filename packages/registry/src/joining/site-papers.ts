import {
  accountLimits,
  accountNames,
  type Certificate,
  canonicalHost,
  issueAccount,
  issueRequested,
  issueUser,
  type RoleOf,
  readServerRequest,
  streamsDisk,
} from '@causeway/identity';
import { CausewayError, type Clock, type EnrollRequest, type Random, type Site } from '@causeway/protocol';
import type { Keyring } from '../config.ts';

type JoiningKeys = EnrollRequest['keys'];

/** The claims of a joining site's own account and of its server's system account, in this order. */
export async function ownAccountsOf(
  site: string,
  keys: JoiningKeys,
  keyring: Pick<Keyring, 'operator'>,
  now: number,
): Promise<NonNullable<Site['own']>> {
  return Promise.all(
    (['site', 'system'] as const).map(async (kind) => {
      const { key, signers } = kind === 'site' ? keys.account : keys.system;
      const signingKeys = signers as Partial<Record<RoleOf<'site'> & RoleOf<'system'>, string>>;
      const name = accountNames[kind](site);
      const limits = accountLimits(kind, { sites: 1, disk: streamsDisk });
      const { jwt } = await issueAccount(
        { kind, name, publicKey: key, signingKeys, limits, now },
        keyring.operator,
      );
      return { publicKey: key, jwt };
    }),
  );
}

/** The users of a joining site in the fabric's accounts, for keys that were made there. */
export async function usersOf(
  site: Site,
  gateway: string,
  around: {
    keyring: Pick<Keyring, 'operator' | 'signer'>;
    accountKey: (name: string) => string;
    now: number;
  },
): Promise<{ leaf: string; tenants: Record<string, { gateway: string; leaf: string }> }> {
  const { keyring, accountKey, now } = around;
  const tags = { site: site.name };
  const tenants: Record<string, { gateway: string; leaf: string }> = {};
  for (const [tenant, keys] of Object.entries(site.tenants)) {
    const account = { kind: 'tenant', name: tenant, publicKey: accountKey(tenant) } as const;
    const user = async (role: 'gateway' | 'leaf', name: string) => {
      const signer = keyring.signer(tenant, role);
      return (await issueUser({ account, role, name, tags, key: keys[role] as string, signer, now })).jwt;
    };
    tenants[tenant] = { gateway: await user('gateway', gateway), leaf: await user('leaf', site.name) };
  }
  const { jwt: leaf } = await issueUser({
    account: { kind: 'control', name: 'CONTROL', publicKey: accountKey('CONTROL') },
    ...{ role: 'leaf', name: site.name, tags, key: site.leaf as string, now },
    signer: keyring.signer('CONTROL', 'leaf'),
  });
  return { leaf, tenants };
}

const defaultDays = 825;

/**
 * A certificate for a site's server, as it asks for it. Throws INVALID_REQUEST where that is none, and DENIED for a host
 * that the site may have none for: whoever had one for the hub's name could pass for the hub.
 */
export async function certificateFor(
  request: { readonly certificate: string; readonly certificateDays?: number },
  site: { readonly name: string; readonly hosts: readonly string[] },
  around: { ca: Certificate; clock: Pick<Clock, 'now'>; random: Random },
): Promise<string> {
  const { ca, clock, random } = around;
  const asked = await readServerRequest(request.certificate).catch((cause: unknown) => {
    const { message } = cause as Error;
    throw new CausewayError('INVALID_REQUEST', message, { pointer: '/certificate', cause });
  });
  const allowed = site.hosts.map(canonicalHost);
  const stranger = asked.hosts.find((host) => !allowed.includes(host));
  if (stranger !== undefined) {
    throw new CausewayError(
      'DENIED',
      `site ${site.name} may have a certificate for ${allowed.join(', ') || 'no host'}, not for ${stranger}: an invitation ` +
        'says which (causeway site invite NAME --host HOST)',
      { pointer: '/certificate' },
    );
  }
  const days = request.certificateDays ?? defaultDays;
  return issueRequested({ ca, request: asked, now: clock.now(), days, random });
}
