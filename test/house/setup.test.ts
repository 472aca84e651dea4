import { access, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { interruptInstallation, smallClone } from './small-clone.ts';

const INSTALLING = 'installing packages';
const server = { CAUSEWAY_NATS_SERVER: process.env.CAUSEWAY_NATS_SERVER ?? '' };

describe('setup', () => {
  it('setup - npm start installs what is missing, then runs the command line', async () => {
    const clone = await smallClone();
    const { code, stdout, stderr } = await clone.run('start.mjs', ['--dir', 'a b'], server).ended;
    expect(stderr).toContain(INSTALLING);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ args: ['up', '--demo', '--dir', 'a b'] });
    expect(JSON.parse(stdout).server).toMatch(/nats-server(\.exe)?$/);
  });

  it('setup - the second run installs nothing and is quick', async () => {
    const clone = await smallClone();
    await clone.run('start.mjs', [], server).ended;
    const started = performance.now();
    const { code, stderr } = await clone.run('start.mjs', [], server).ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('setup - a changed lock file installs again, a changed script does not', async () => {
    const clone = await smallClone();
    await clone.run('start.mjs', [], server).ended;
    const read = async (name: string) => JSON.parse(await readFile(join(clone.folder, name), 'utf8'));
    await clone.write(
      'package.json',
      JSON.stringify({ ...(await read('package.json')), scripts: { x: 'y' } }),
    );
    expect((await clone.run('start.mjs', [], server).ended).stderr).toBe('');

    await clone.write(
      'package.json',
      JSON.stringify({ ...(await read('package.json')), allowScripts: { a: true } }),
    );
    await rm(join(clone.folder, 'node_modules/.package-lock.json'));
    expect((await clone.run('start.mjs', [], server).ended).stderr).toContain(INSTALLING);
  });

  it('setup - an installation that was killed half-way is made good by the next run', async () => {
    const clone = await smallClone();
    await clone.run('start.mjs', [], server).ended;
    await interruptInstallation(clone);
    const { code, stderr } = await clone.run('start.mjs', [], server).ended;
    expect(stderr).toContain(INSTALLING);
    expect(code).toBe(0);
    expect(await readdir(join(clone.folder, 'node_modules'))).toEqual(
      expect.arrayContaining(['.causeway-setup', '.package-lock.json', '@small']),
    );
    await expect(access(join(clone.folder, 'node_modules/half'))).rejects.toThrow('ENOENT');
  });

  it('setup - packages that somebody installed by hand are taken as they are', async () => {
    const clone = await smallClone();
    await clone.run('start.mjs', [], server).ended;
    await rm(join(clone.folder, 'node_modules/.causeway-setup'));
    expect((await clone.run('start.mjs', [], server).ended).stderr).toBe('');
  });

  it('setup - of two at once one installs and the other waits', async () => {
    const clone = await smallClone();
    const runs = [clone.run('start.mjs', [], server), clone.run('start.mjs', [], server)];
    const results = await Promise.all(runs.map((run) => run.ended));
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(results.filter(({ stderr }) => stderr.includes(INSTALLING))).toHaveLength(1);
    expect(await readdir(join(clone.folder, '.cache'))).toEqual([]);
  });

  it('setup - a lock of a process that is gone is taken over', async () => {
    const clone = await smallClone();
    const gone = clone.run('with-node24.mjs', ['packages/cli/src/main.ts']);
    await gone.ended;
    await rm(join(clone.folder, 'node_modules'), { recursive: true });
    const { hostname } = await import('node:os');
    await writeFile(
      join(clone.folder, '.cache/setup.lock'),
      JSON.stringify({ pid: gone.pid, host: hostname() }),
    );
    const { code, stderr } = await clone.run('start.mjs', [], server).ended;
    expect(stderr).not.toContain('waiting');
    expect(code).toBe(0);
  });

  it('setup - the exit code is that of the program', async () => {
    const clone = await smallClone();
    expect((await clone.run('start.mjs', ['--fail'], server).ended).code).toBe(42);
  });

  it.skipIf(process.platform === 'win32')('setup - signals reach the program', async () => {
    const clone = await smallClone();
    const run = clone.run('start.mjs', ['--wait'], server);
    await until('the program has started', () => run.stdout().includes('--wait'));
    run.kill('SIGTERM');
    expect((await run.ended).code).toBe(43);
  });

  it('setup - packages that cannot be had are explained', async () => {
    const clone = await smallClone();
    const manifest = { name: 'small', private: true, dependencies: { 'causeway-no-such-package': '1.0.0' } };
    const packages = {
      '': manifest,
      'node_modules/causeway-no-such-package': { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` },
    };
    await clone.write('package.json', JSON.stringify(manifest));
    await clone.write('package-lock.json', JSON.stringify({ name: 'small', lockfileVersion: 3, packages }));
    const { code, stdout, stderr } = await clone.run('start.mjs', [], server).ended;
    expect(stderr).toContain('causeway: npm install failed with exit code');
    expect(stderr).toContain('It needs a network, or a filled npm cache.');
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it('setup - a nats-server that cannot be used is explained', async () => {
    const clone = await smallClone();
    const { code, stderr } = await clone.run('start.mjs', [], { CAUSEWAY_NATS_SERVER: process.execPath })
      .ended;
    expect(stderr).toContain('which cannot be used: it is not a nats-server');
    expect(stderr).toContain('there is no nats-server, so nothing was started');
    expect(code).toBe(1);
  });
});
