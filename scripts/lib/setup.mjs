import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { SetupError, say } from './messages.mjs';
import { ensureNatsServer } from './nats-server.mjs';
import { checkNode24, checkOwnNode, hasNode24 } from './node24.mjs';
import { npmInstall } from './npm.mjs';
import { differences, isInstalled, markInstalled, markUnfinished, wantedPackages } from './packages.mjs';
import { localCache } from './paths.mjs';

/**
 * Makes the clone ready: packages, Node 24 and, unless `natsServer` is false, a nats-server.
 * Returns the environment for what runs next. Quick when nothing is missing, and safe to run any number of times at once.
 */
export async function setup({ natsServer = true } = {}) {
  checkOwnNode();
  const wanted = wantedPackages();
  if (isReady(wanted)) return environment(natsServer);
  const path = join(localCache, 'setup.lock');
  const onWait = (pid) => say(`waiting for another set-up of this clone (process ${pid ?? 'unknown'})`);
  return withLock(path, { onWait }, async () => {
    if (!isReady(wanted)) await install(wanted);
    return environment(natsServer);
  });
}

function isReady(wanted) {
  return isInstalled(wanted) && hasNode24();
}

async function install(wanted) {
  markUnfinished();
  await npmInstall();
  const different = differences() ?? ['node_modules'];
  if (different.length > 0) {
    throw new SetupError(
      `npm did not install what package-lock.json names: ${different.slice(0, 5).join(', ')}.\n` +
        'Is package-lock.json up to date with package.json? `npm install` makes it so.',
    );
  }
  checkNode24();
  markInstalled(wanted);
}

async function environment(natsServer) {
  if (!natsServer) return process.env;
  const path = await ensureNatsServer();
  if (!path)
    throw new SetupError('there is no nats-server, so nothing was started; see above for what to do.');
  return { ...process.env, CAUSEWAY_NATS_SERVER: path };
}
