import { readFile, rm } from 'node:fs/promises';
import { createKeys, createServerKey, type Keys, readSecret, roles, writeSecret } from '@causeway/identity';
import type { EnrollRequest, Random } from '@causeway/protocol';
import { FabricError } from '../settings.ts';

/** An account of the site's own: its key, which signs that it is the site's, and the keys of its roles. */
interface OwnAccount extends Keys {
  readonly signers: Readonly<Record<string, Keys>>;
}

/** All keys of a joining site. They are made where the site is, and stay there. */
export interface SiteKeys {
  readonly account: OwnAccount;
  readonly system: OwnAccount;
  readonly leaf: Keys;
  readonly gateway: Keys;
  readonly tenants: Readonly<Record<string, { readonly gateway: Keys; readonly leaf: Keys }>>;
  /** PEM. */
  readonly server: string;
}

/** Where they are until the site's folder is in place: beside it, so that a try that was cut short can go on. */
const joiningFile = (root: string) => `${root}.joining.nk`;

interface Kept {
  readonly grant: string;
  readonly keys: SiteKeys;
}

async function makeKeys(tenants: readonly string[], random: Random): Promise<SiteKeys> {
  const user = () => createKeys('user', random);
  const account = (kind: 'site' | 'system'): OwnAccount => ({
    ...createKeys('account', random),
    signers: Object.fromEntries(
      Object.keys(roles[kind]).map((role) => [role, createKeys('account', random)]),
    ),
  });
  return {
    ...{ account: account('site'), system: account('system'), leaf: user(), gateway: user() },
    tenants: Object.fromEntries(tenants.map((tenant) => [tenant, { gateway: user(), leaf: user() }])),
    server: await createServerKey(),
  };
}

/** The keys of an earlier try with the same invitation, or new ones, which are kept before they are used. */
export async function keysOfJoining(
  root: string,
  grant: string,
  tenants: readonly string[],
  random: Random,
): Promise<{ readonly keys: SiteKeys; readonly isNew: boolean }> {
  const file = joiningFile(root);
  const standing = await readFile(file).catch(() => undefined);
  if (standing !== undefined) {
    const kept = readKept(await readSecret(file), file);
    if (kept.grant === grant) return { keys: kept.keys, isNew: false };
  }
  const keys = await makeKeys(tenants, random);
  await writeSecret(file, `${JSON.stringify({ grant, keys } satisfies Kept)}\n`);
  return { keys, isNew: true };
}

function readKept(text: string, file: string): Kept {
  try {
    return JSON.parse(text) as Kept;
  } catch {
    throw new FabricError(
      `${file} is damaged: it is not what causeway site join writes; remove it, and have another invitation made`,
    );
  }
}

/** Forgets them: the site has them in its folder, or will never need them. */
export function forgetJoining(root: string): Promise<void> {
  return rm(joiningFile(root), { force: true });
}

/** What of them travels. */
export function publicHalves({ account, system, leaf, gateway, tenants }: SiteKeys): EnrollRequest['keys'] {
  const own = ({ publicKey, signers }: OwnAccount) => ({
    key: publicKey,
    signers: Object.fromEntries(Object.entries(signers).map(([role, keys]) => [role, keys.publicKey])),
  });
  return {
    ...{ account: own(account), system: own(system), leaf: leaf.publicKey, gateway: gateway.publicKey },
    tenants: Object.fromEntries(
      Object.entries(tenants).map(([tenant, keys]) => [
        tenant,
        { gateway: keys.gateway.publicKey, leaf: keys.leaf.publicKey },
      ]),
    ),
  };
}
