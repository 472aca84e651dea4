// `npm start`: makes the clone ready, then brings up the demonstration. Runs on Node 20 with nothing installed.
import { join } from 'node:path';
import { runOrExplain } from './lib/messages.mjs';
import { node24 } from './lib/node24.mjs';
import { root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

await runOrExplain(async () => {
  const env = await setup();
  const cli = join(root, 'packages', 'cli', 'src', 'main.ts');
  return run(
    node24(),
    ['--no-warnings', '--max-semi-space-size=2', cli, 'up', '--demo', ...process.argv.slice(2)],
    { env },
  );
});
