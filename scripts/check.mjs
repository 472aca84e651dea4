// `npm run check [-- NAME...]`: everything that can be said about the code without running it. `--fix` formats instead.
// `--report FILE` leaves the outcome as JSON for .ci/run.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOrExplain, SetupError, say } from './lib/messages.mjs';
import { node24 } from './lib/node24.mjs';
import { modules, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const bin = (...path) => join(modules, ...path);
const CHECKS = {
  style: [bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings'],
  types: [bin('typescript', 'bin', 'tsc'), '--noEmit', '-p', 'tsconfig.json'],
  unused: [bin('knip', 'bin', 'knip.js'), '--no-progress', '--no-config-hints'],
  imports: [bin('dependency-cruiser', 'bin', 'dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs'],
  generated: ['--no-warnings', 'scripts/generate-types.ts', '--check'],
};
/** What the import check looks at; folders may come and go. */
const IMPORT_ROOTS = ['packages', 'test', 'bench', 'examples', 'scripts'];

await runOrExplain(async () => {
  const { names, fix, report } = parse(process.argv.slice(2));
  const env = await setup({ natsServer: false });
  CHECKS.imports.push(...IMPORT_ROOTS.filter((name) => existsSync(join(root, name))));
  if (fix) return run(node24(), [CHECKS.style[0], 'check', '--write'], { env, cwd: root });

  const outcome = {};
  for (const name of names) {
    say(`check ${name}`);
    outcome[name] = (await run(node24(), CHECKS[name], { env, cwd: root })) === 0;
  }
  const failed = names.filter((name) => !outcome[name]);
  say(failed.length > 0 ? `failed: ${failed.join(', ')}` : `all ${names.length} checks passed`);
  if (report) writeFileSync(report, JSON.stringify(outcome));
  return failed.length > 0 ? 1 : 0;
});

function parse(args) {
  const names = [];
  let fix = false;
  let report;
  while (args.length > 0) {
    const arg = args.shift();
    if (arg === '--fix') fix = true;
    else if (arg === '--report') report = args.shift();
    else if (arg in CHECKS) names.push(arg);
    else throw new SetupError(`there is no check "${arg}"; there are ${Object.keys(CHECKS).join(', ')}.`);
  }
  return { names: names.length > 0 ? names : Object.keys(CHECKS), fix, report };
}
