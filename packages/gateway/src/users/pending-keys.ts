import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { createKeys, publicKeyOf, writeSecret } from '@causeway/identity';
import type { Random, RekeyRequest } from '@causeway/protocol';

/** Whose keys are replaced. */
export type Role = RekeyRequest['role'];

/** Stands for the site's own where tenants stand otherwise; no tenant can be called that. */
export const ownName = 'control';

/** New keys of the site that are not in use everywhere yet: one asking's, with their seeds. */
export interface PendingKeys {
  readonly id: string;
  /** By tenant; of the site's own under `control`. */
  readonly seeds: Readonly<Record<string, string>>;
}

/** Keeps them in the site's folder of credentials, so that whoever is killed goes on with the same. */
export interface PendingStore {
  /** The seed of a public key, where it is pending. */
  seedOf(publicKey: string): string | undefined;
  /** Those of this asking: made now, where there are none. */
  ensure(role: Role, id: string, names: readonly string[]): Promise<PendingKeys>;
  /** All are in use: their seeds are in the files of credentials now. */
  forget(role: Role): Promise<void>;
}

const roles: readonly Role[] = ['gateway', 'leaf'];

/** Opens the store with what is in the folder. */
export async function openPendingKeys(folder: string, random: Random): Promise<PendingStore> {
  const fileOf = (role: Role) => path.join(folder, `rekey-${role}.json`);
  const pending = new Map<Role, PendingKeys>();
  for (const role of roles) {
    const text = await readFile(fileOf(role), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text !== undefined) pending.set(role, JSON.parse(text) as PendingKeys);
  }
  return {
    seedOf(publicKey) {
      for (const { seeds } of pending.values()) {
        const found = Object.values(seeds).find((seed) => publicKeyOf(seed) === publicKey);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async ensure(role, id, names) {
      const before = pending.get(role);
      const earlier = before?.id === id ? before.seeds : {};
      const seeds = Object.fromEntries(
        names.map((name) => [name, earlier[name] ?? createKeys('user', random).seed]),
      );
      const keys: PendingKeys = { id, seeds };
      await writeSecret(fileOf(role), `${JSON.stringify(keys)}\n`);
      pending.set(role, keys);
      return keys;
    },
    async forget(role) {
      pending.delete(role);
      await rm(fileOf(role), { force: true });
    },
  };
}
