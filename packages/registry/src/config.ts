import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { readSecret, writeJwt, writeSecret } from '@causeway/identity';
import type { AccountDocument, Site } from '@causeway/protocol';

/** Where a registry finds its hub and its own folder. */
export interface RegistryConfig {
  /** Folder with credentials, signing keys and `bootstrap.json` (docs/architecture.md, "Files"). */
  readonly dir: string;
  /** The hub, `tls://host:port`. */
  readonly url: string;
  /** The CA's certificates, PEM text. */
  readonly ca: string;
  /** Where leaf nodes enter the hub, `tls://host:port`; without it no site can join. */
  readonly leafUrl?: string;
  /** How often the watchdog looks at the links of the hub, in ms; 5000 where absent. */
  readonly watchdogMs?: number;
}

/** What a fabric was founded with; taken in once, afterwards the documents hold. */
export interface Bootstrap {
  readonly sites: readonly Site[];
  readonly accounts: readonly AccountDocument[];
  /** Public keys of CONTROL and OPS. */
  readonly control: string;
  /** CONTROL's claims as founded; absent where an earlier Causeway founded the fabric. */
  readonly controlJwt?: string;
  readonly ops: string;
}

/** The registry's secrets, read once at its start. */
export interface Keyring {
  /** Seed of the operator's signing key. */
  readonly operator: string;
  /** Seed from which the names of queue groups are made. */
  readonly queueSecret: string;
  /** Seed of the signing key of a role in an account. Throws where there is none. */
  signer(account: string, role: string): string;
  /** Keeps the signing key of a role in an account that is founded while the registry runs. */
  add(account: string, role: string, seed: string): Promise<void>;
  /** Destroys all signing keys of an account. */
  remove(account: string): Promise<void>;
}

/** Reads what the fabric was founded with. Throws an Error that names the file. */
export async function readBootstrap(config: RegistryConfig): Promise<Bootstrap> {
  const file = path.join(config.dir, 'bootstrap.json');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`${file} cannot be read; was the fabric founded here (causeway up)?`, { cause });
  });
  return JSON.parse(text) as Bootstrap;
}

/** Adds a tenant to what the fabric was founded with: whoever founds one while nothing runs must know of it. */
export async function noteTenant(
  config: Pick<RegistryConfig, 'dir'>,
  account: AccountDocument,
): Promise<void> {
  const file = path.join(config.dir, 'bootstrap.json');
  const bootstrap = JSON.parse(await readFile(file, 'utf8')) as Bootstrap;
  const accounts = [...bootstrap.accounts.filter(({ name }) => name !== account.name), account];
  await writeJwt(file, `${JSON.stringify({ ...bootstrap, accounts }, null, 2)}\n`);
}

/** Strikes a tenant out of what the fabric was founded with, at one site or everywhere, so that no start brings it back. */
export async function strikeTenant(
  config: Pick<RegistryConfig, 'dir'>,
  tenant: string,
  site?: string,
): Promise<void> {
  const file = path.join(config.dir, 'bootstrap.json');
  const bootstrap = JSON.parse(await readFile(file, 'utf8')) as Bootstrap;
  const without = (each: Site): Site => {
    if (site !== undefined && each.name !== site) return each;
    const { [tenant]: _, ...tenants } = each.tenants;
    return { ...each, tenants };
  };
  const next: Bootstrap = {
    ...bootstrap,
    sites: bootstrap.sites.map(without),
    accounts: bootstrap.accounts.filter(({ name }) => site !== undefined || name !== tenant),
  };
  await writeJwt(file, `${JSON.stringify(next, null, 2)}\n`);
}

/** Reads all keys of the registry's folder. A signing key's file is `keys/<account>.<role>.nk`. */
export async function readKeyring(config: RegistryConfig): Promise<Keyring> {
  const keysDir = path.join(config.dir, 'keys');
  const signers = new Map<string, string>();
  for (const name of await readdir(keysDir)) {
    if (!name.endsWith('.nk')) continue;
    signers.set(name.slice(0, -'.nk'.length), (await readSecret(path.join(keysDir, name))).trim());
  }
  return {
    operator: (await readSecret(path.join(config.dir, 'operator-signing.nk'))).trim(),
    queueSecret: (await readSecret(path.join(config.dir, 'queue-secret'))).trim(),
    signer(account, role) {
      const seed = signers.get(`${account}.${role}`);
      if (seed === undefined) throw new Error(`no signing key ${account}.${role}.nk in ${keysDir}`);
      return seed;
    },
    async add(account, role, seed) {
      await writeSecret(path.join(keysDir, `${account}.${role}.nk`), seed);
      signers.set(`${account}.${role}`, seed);
    },
    async remove(account) {
      const of = (each: string) => each.startsWith(`${account}.`);
      // Those that are about to take the place of others, too.
      for (const name of (await readdir(keysDir)).filter(of))
        await rm(path.join(keysDir, name), { force: true });
      for (const name of [...signers.keys()].filter(of)) signers.delete(name);
    },
  };
}
