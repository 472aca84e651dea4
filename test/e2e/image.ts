import { execFile, spawnSync } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { GenericContainer, getContainerRuntimeClient } from 'testcontainers';
import { root } from '../support/source-files.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';

// Its reaper is an image of its own, which a machine without a network cannot have; what is started here is
// removed by who started it.
process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';

/** Why containers cannot be had here; undefined where they can. Only a Docker that does not answer is a reason. */
export async function whyNoDocker(): Promise<string | undefined> {
  try {
    await getContainerRuntimeClient();
    return undefined;
  } catch (error) {
    // Where the command line reaches a Docker, the tests go on, and fail with what the library says.
    if (spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0) return undefined;
    return `no Docker answers (docker info fails): ${(error as Error).message}`;
  }
}

/** Name of the image while it is there. */
export interface TestImage {
  readonly name: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Builds the image from a small folder of its own, on the base given. Disposing removes it. */
export async function buildImage(base: string): Promise<TestImage> {
  await using context = await openTemporaryFolder('causeway-image-');
  const stage = path.join(root, 'scripts', 'stage-containers.ts');
  const target = path.join(context.path, 'dist', 'containers');
  await promisify(execFile)(process.execPath, ['--no-warnings', stage, target]);
  for (const file of ['Dockerfile', '.dockerignore']) {
    await copyFile(path.join(root, file), path.join(context.path, file));
  }
  const name = `localhost/causeway-test:${path.basename(context.path).toLowerCase()}`;
  await GenericContainer.fromDockerfile(context.path).withBuildArgs({ BASE: base }).build(name);
  return {
    name,
    async [Symbol.asyncDispose]() {
      const client = await getContainerRuntimeClient();
      await client.container.dockerode.getImage(name).remove({ force: true });
    },
  };
}
