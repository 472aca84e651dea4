import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type AccountKind, publicKeyOf, readSecret } from '@causeway/identity';
import type { FoundedAccount } from '../founding/accounts.ts';
import { fabricLayout } from '../layout.ts';

/** An account that stands, as founding knows it: its claims, and the keys of its roles from the registry's folder. */
export async function standingAccount<K extends AccountKind>(
  dir: string,
  kind: K,
  account: { readonly name: string; readonly publicKey: string; readonly jwt: string },
): Promise<FoundedAccount<K>> {
  const folder = path.join(fabricLayout(dir).registry, 'keys');
  const beginning = `${account.name}.`;
  const signers: Record<string, { seed: string; publicKey: string }> = {};
  for (const file of await readdir(folder)) {
    if (!file.startsWith(beginning) || !file.endsWith('.nk')) continue;
    const seed = (await readSecret(path.join(folder, file))).trim();
    signers[file.slice(beginning.length, -'.nk'.length)] = { seed, publicKey: publicKeyOf(seed) };
  }
  const { name, publicKey, jwt } = account;
  return { kind, name, publicKey, jwt, signers };
}

/** Public keys of the hub's own accounts. */
export async function ownAccounts(dir: string): Promise<{ control: string; ops: string }> {
  const text = await readFile(path.join(fabricLayout(dir).registry, 'bootstrap.json'), 'utf8');
  const { control, ops } = JSON.parse(text) as { control: string; ops: string };
  return { control, ops };
}
