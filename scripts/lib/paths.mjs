import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone that these scripts belong to, whatever the current folder is. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const modules = join(root, 'node_modules');

/** Ignored by git; holds what set-up itself needs to remember. */
export const localCache = join(root, '.cache');
