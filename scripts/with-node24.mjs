// `node scripts/with-node24.mjs FILE ARGS`: makes the clone ready (no nats-server), then runs a TypeScript file.
import { resolve } from 'node:path';
import { runOrExplain } from './lib/messages.mjs';
import { node24 } from './lib/node24.mjs';
import { root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

await runOrExplain(async () => {
  const [file, ...args] = process.argv.slice(2);
  const env = await setup({ natsServer: false });
  return run(node24(), ['--no-warnings', resolve(root, file), ...args], { env, cwd: root });
});
