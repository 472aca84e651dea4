import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '../layout.ts';
import { FabricError } from '../settings.ts';

/** Where the new operator's keys are until they are in force everywhere. */
export const nextFolder = (dir: string) => path.join(fabricLayout(dir).operator, 'next');

/** Throws a FabricError where new operator keys were begun and are not everywhere yet: servers would not trust each other. */
export async function requireNoRotation(dir: string): Promise<void> {
  if (await stat(nextFolder(dir)).catch(() => undefined)) {
    throw new FabricError(
      'replacing the operator’s keys was cut short; finish it with causeway operator rotate',
    );
  }
}
