import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';
import { root } from './source-files.ts';

/** The packages as built JavaScript, in a folder of their own inside the clone: there they find what npm installed. */
export interface Built {
  /** Path of the command line's program. */
  readonly program: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Builds as `npm run build` does. */
export async function buildPackages(): Promise<Built> {
  await mkdir(join(root, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(root, '.cache', 'built-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const script = join(root, 'scripts', 'build.ts');
  const { code, stderr } = await runProgram(process.execPath, ['--no-warnings', script, folder]);
  if (code !== 0) {
    await remove();
    throw new Error(`the packages could not be built: ${stderr}`);
  }
  return {
    program: join(folder, 'node_modules/@causeway/cli/src/main.js'),
    [Symbol.asyncDispose]: remove,
  };
}
