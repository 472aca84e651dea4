import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '../layout.ts';
import { FabricError } from '../settings.ts';

/** Where the new operator's keys are until they are in force everywhere. */
export const nextFolder = (dir: string) => path.join(fabricLayout(dir).operator, 'next');

/**
 * Seed of the operator's signing key that comes next: servers trust it already. It is kept with the identity key, and
 * like that can be kept elsewhere.
 */
export const nextSigningFile = (dir: string) => path.join(fabricLayout(dir).operator, 'next-signing.nk');

/** Throws a FabricError where new operator keys were begun and are not everywhere yet: servers would not trust each other. */
export async function requireNoRotation(dir: string): Promise<void> {
  if (await stat(nextFolder(dir)).catch(() => undefined)) {
    throw new FabricError(
      'replacing the operator’s keys was cut short; finish it with causeway operator rotate',
    );
  }
}
