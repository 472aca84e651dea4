import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { findNatsServer } from '@causeway/nats-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshClone } from '../support/fresh-clone.ts';
import { commands, fences } from '../support/readme.ts';
import { runProgram } from '../support/run-program.ts';
import { openShell, type ShellCommand } from '../support/shell.ts';
import { root } from '../support/source-files.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';
import { transcriptOf } from '../support/transcript.ts';
import { until } from '../support/until.ts';

const patience = { timeout: 120_000, every: 250 };

describe('transcript', () => {
  let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;
  let clone: string;
  let env: NodeJS.ProcessEnv;
  let start: ReturnType<typeof openShell>;
  /** What runs until it is told to end. */
  const background: ShellCommand[] = [];

  const causeway = (...args: string[]) =>
    runProgram(process.execPath, [join(clone, 'packages/cli/bin/causeway.js'), ...args], { cwd: clone, env });
  const status = async () => JSON.parse((await causeway('status', '-o', 'json')).stdout);

  beforeAll(async () => {
    folder = await openTemporaryFolder('causeway-newcomer-');
    clone = join(folder.path, 'causeway');
    const [home, logs] = [join(folder.path, 'home'), join(folder.path, 'logs')];
    await Promise.all([mkdir(home), mkdir(logs)]);
    await freshClone(clone);
    env = {
      HOME: home,
      // A newcomer's shell, with the Node that his service needs, and without a network.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      CAUSEWAY_NATS_SERVER: (await findNatsServer({})).path,
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
    };
    start = openShell({ cwd: clone, env, logs });
  });
  afterAll(async () => {
    for (const command of background) command.end();
    await Promise.all(background.map(({ ended }) => ended));
    if (clone) await causeway('down');
    await folder?.[Symbol.asyncDispose]();
  });

  /** Runs a command as its reader would: to its end, or until it has shown what he wanted to see. */
  async function perform(line: string) {
    if (line.includes('node hello.ts')) {
      const { servers } = await status();
      const { url } = servers.find(({ site }: { site: string }) => site === 'edge-a');
      const [service = ''] = await fences('ts');
      await writeFile(join(clone, 'hello.ts'), service);
      const command = await start(line.replace('tls://127.0.0.1:…', url));
      background.push(command);
      await until(
        'the service is registered',
        async () =>
          (await status()).gateways.some(
            (gateway: { site: string; instances: number }) =>
              gateway.site === 'edge-a' && gateway.instances === 1,
          ),
        patience,
      );
      return { line: `${line} &`, output: await command.output(), code: 0 };
    }
    if (line.includes('-f ada-greets.yaml')) {
      const [policy = ''] = await fences('yaml');
      await writeFile(join(clone, 'ada-greets.yaml'), policy);
    }
    if (line.includes('audit tail')) {
      await until(
        'the record of the call is in the cloud',
        async () => (await causeway('audit', 'tail', '--no-follow')).stdout.includes('hello.v1.greet'),
        patience,
      );
    }
    const command = await start(line);
    const shows = endless.find(([pattern]) => pattern.test(line))?.[1];
    if (shows) {
      background.push(command);
      const seen = until(`${line} shows ${shows}`, async () => shows.test(await command.output()), patience);
      await Promise.race([seen, command.ended]);
      command.end();
      // The shell is gone at once, the fabric when it has stored its last records.
      await until('the fabric has ended', async () => !(await status()).up, patience);
    }
    const code = await command.ended;
    return { line, output: await command.output(), code: shows ? 0 : code };
  }

  it('transcript - the README’s commands do in a fresh clone what docs/transcript.md says', async () => {
    const all = await commands();
    expect(all.filter(({ notRun }) => notRun).map(({ line }) => line)).toEqual(['npm test']);
    const done = [];
    for (const { line, notRun } of all) {
      if (notRun !== undefined) {
        done.push({ line, notRun });
        continue;
      }
      const result = await perform(line);
      expect(result.code, `${line}\n${result.output}`).toBe(0);
      done.push(result);
    }
    await expect(transcriptOf(done, clone)).toMatchFileSnapshot(join(root, 'docs/transcript.md'));
  }, 600_000);
});

/** Commands that a reader ends, and what he has seen by then. */
const endless: readonly [RegExp, RegExp][] = [[/^npm start$/, /^audit /m]];
