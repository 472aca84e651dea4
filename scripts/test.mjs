// `npm test`: makes the clone ready, then runs vitest once. Runs on Node 20 with nothing installed.
import { join } from 'node:path';
import { runOrExplain } from './lib/messages.mjs';
import { node24 } from './lib/node24.mjs';
import { modules, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

await runOrExplain(async () => {
  const env = await setup();
  const vitest = join(modules, 'vitest', 'vitest.mjs');
  return run(node24(), [vitest, 'run', ...process.argv.slice(2)], { env, cwd: root });
});
