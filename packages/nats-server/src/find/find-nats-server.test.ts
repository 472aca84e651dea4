import { createHash } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FindOptions, findNatsServer } from './find-nats-server.ts';
import { cachedPath } from './locations.ts';
import { archiveName, downloadRelease } from './release.ts';
import { compareVersions, isSupported, MINIMUM_VERSION, PINNED_VERSION } from './version.ts';

const machine = { env: {}, platform: process.platform, arch: process.arch };

async function folder(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'causeway-find-')));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A program of that name which runs `body` (a shell script). */
async function program(path: string, body: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

const says = (version: string) => `echo 'nats-server: v${version}'`;

/** Nothing on PATH but what the test put there, an empty cache, and notices collected. */
async function surroundings(env: NodeJS.ProcessEnv = {}) {
  const bin = await folder();
  const cacheDir = await folder();
  const notices: string[] = [];
  const options: FindOptions = {
    env: { PATH: bin, ...env },
    cacheDir,
    onProgress: (line) => notices.push(line),
  };
  return { bin, cacheDir, notices, options };
}

describe.skipIf(process.platform === 'win32')('find nats-server', () => {
  it('find nats-server - the one of this environment runs and is new enough', async () => {
    const found = await findNatsServer();
    expect(isSupported(found.version)).toBe(true);
    await access(found.path);
  });

  it('find nats-server - CAUSEWAY_NATS_SERVER comes before PATH', async () => {
    const { bin, options } = await surroundings();
    await program(join(bin, 'nats-server'), says('2.15.0'));
    const asked = await program(join(bin, 'mine'), says('2.14.3'));
    const found = await findNatsServer({ ...options, env: { ...options.env, CAUSEWAY_NATS_SERVER: asked } });
    expect(found).toEqual({ path: asked, version: '2.14.3', source: 'env' });
  });

  it.each([
    ['too old', says('2.9.0'), 'it is version 2.9.0, but 2.14.0 or newer is needed'],
    ['something else', 'echo hello', 'it is not a nats-server: --version printed "hello"'],
    ['broken', 'exit 3', 'it could not be run (--version ended with exit code 3)'],
  ])('find nats-server - CAUSEWAY_NATS_SERVER that is %s is an error', async (_what, body, reason) => {
    const { bin, options } = await surroundings();
    await program(join(bin, 'nats-server'), says(PINNED_VERSION));
    const asked = await program(join(bin, 'mine'), body);
    const found = findNatsServer({ ...options, env: { ...options.env, CAUSEWAY_NATS_SERVER: asked } });
    await expect(found).rejects.toMatchObject({ code: 'NATS_SERVER_NOT_FOUND' });
    await expect(found).rejects.toThrow(reason);
    await expect(found).rejects.toThrow(asked);
  });

  it('find nats-server - CAUSEWAY_NATS_SERVER that does not exist is an error', async () => {
    const { options } = await surroundings({ CAUSEWAY_NATS_SERVER: '/no/such/nats-server' });
    await expect(findNatsServer(options)).rejects.toThrow('/no/such/nats-server, which cannot be used');
  });

  it('find nats-server - one on PATH that is too old is passed over with a notice', async () => {
    const { bin, notices, options } = await surroundings();
    const later = await folder();
    await program(join(bin, 'nats-server'), says('2.9.0'));
    const good = await program(join(later, 'nats-server'), says('2.14.0'));
    const found = await findNatsServer({ ...options, env: { PATH: `${bin}:${later}` } });
    expect(found).toEqual({ path: good, version: '2.14.0', source: 'path' });
    expect(notices).toEqual([
      `passing over ${join(bin, 'nats-server')}: it is version 2.9.0, but 2.14.0 or newer is needed, best 2.15.2`,
    ]);
  });

  it('find nats-server - the cache is used after PATH', async () => {
    const { cacheDir, options } = await surroundings();
    const cached = await program(cachedPath(cacheDir, machine), says(PINNED_VERSION));
    expect(await findNatsServer(options)).toMatchObject({ path: cached, source: 'cache' });
  });

  it('find nats-server - without any way there is one error with the ways out', async () => {
    const { cacheDir, options } = await surroundings();
    const found = findNatsServer({ ...options, release: { baseUrl: 'http://127.0.0.1:1', checksums: {} } });
    await expect(found).rejects.toThrow(
      new RegExp(
        [
          'No nats-server was found.*2\\.14\\.0 or newer',
          'Tried: no checksum is pinned for nats-server-v2\\.15\\.2-.*',
          'Tried: there is no `go` on PATH',
          'install nats-server 2\\.15\\.2',
          'set CAUSEWAY_NATS_SERVER',
          'install Go',
        ].join('[\\s\\S]*'),
      ),
    );
    expect(await readdir(cacheDir)).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('install nats-server', () => {
  it('install nats-server - Go builds the pinned module, with its own folders inside the cache', async () => {
    const { bin, cacheDir, notices, options } = await surroundings({ GOOS: 'plan9', GOPROXY: 'off' });
    const log = join(bin, 'log');
    const names = ['GOPATH', 'GOMODCACHE', 'GOCACHE', 'GOBIN', 'GOTMPDIR', 'GOOS', 'GOPROXY'];
    await program(
      join(bin, 'go'),
      [
        `PATH=/usr/bin:/bin`,
        `echo "args $*" > '${log}'`,
        ...names.map((name) => `echo "${name} $${name}" >> '${log}'`),
        `echo 'go: downloading something v1' >&2`,
        `printf '#!/bin/sh\\necho "nats-server: v${PINNED_VERSION}"\\n' > "$GOBIN/nats-server"`,
      ].join('\n'),
    );
    const found = await findNatsServer(options);
    expect(found).toEqual({ path: cachedPath(cacheDir, machine), version: PINNED_VERSION, source: 'go' });
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    expect(lines.shift()).toBe(`args install github.com/nats-io/nats-server/v2@v${PINNED_VERSION}`);
    expect(lines.slice(0, 5).every((line) => line.split(' ')[1]?.startsWith(cacheDir))).toBe(true);
    expect(lines.slice(5)).toEqual(['GOOS ', 'GOPROXY off']);
    expect(notices).toContain('go: downloading something v1');
    expect(await readdir(cacheDir)).toEqual(['nats-server']);
  });

  it('install nats-server - what Go says when it fails is in the error', async () => {
    const { bin, cacheDir, options } = await surroundings();
    await program(join(bin, 'go'), `echo 'go: no route to proxy' >&2; exit 1`);
    await expect(findNatsServer(options)).rejects.toThrow(/failed: go: no route to proxy/);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('install nats-server - what a killed installation left behind is removed', async () => {
    const { bin, cacheDir, options } = await surroundings();
    await program(join(bin, 'go'), 'exit 1');
    const dead = 2 ** 22 + 1;
    await mkdir(join(cacheDir, `work-${dead}-abc`));
    await mkdir(join(cacheDir, `work-${process.pid}-abc`));
    await expect(findNatsServer(options)).rejects.toThrow();
    expect(await readdir(cacheDir)).toEqual([`work-${process.pid}-abc`]);
  });

  it('install nats-server - two at once both succeed', async () => {
    const { bin, options } = await surroundings();
    const script = `printf '#!/bin/sh\\necho "nats-server: v${PINNED_VERSION}"\\n' > "$GOBIN/nats-server"`;
    await program(join(bin, 'go'), script);
    const found = await Promise.all([findNatsServer(options), findNatsServer(options)]);
    expect(found.map(({ version }) => version)).toEqual([PINNED_VERSION, PINNED_VERSION]);
  });

  it('install nats-server - a build under way ends with its signal', async () => {
    const { bin, cacheDir, options } = await surroundings();
    await program(join(bin, 'go'), 'exec /bin/sleep 60');
    const abort = new AbortController();
    const onProgress = (line: string) => {
      if (line.startsWith('building')) queueMicrotask(() => abort.abort(new Error('enough')));
    };
    await expect(findNatsServer({ ...options, onProgress, signal: abort.signal })).rejects.toThrow('enough');
    expect(await readdir(cacheDir)).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('download nats-server', () => {
  const name = archiveName(machine) ?? '';

  /** A release on a local server: an archive with a program that says it is the pinned version. */
  async function release(hits: string[] = []) {
    const work = await folder();
    const inside = name.replace(/\.tar\.gz$|\.zip$/, '');
    await program(join(work, inside, 'nats-server'), says(PINNED_VERSION));
    const { execFileSync } = await import('node:child_process');
    execFileSync('tar', ['-czf', name, inside], { cwd: work });
    const archive = await readFile(join(work, name));
    const server = createServer((request, response) => {
      hits.push(request.url ?? '');
      response.end(archive);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { baseUrl, checksums: { [name]: createHash('sha256').update(archive).digest('hex') } };
  }

  it('download nats-server - an archive with the pinned checksum is installed', async () => {
    const { cacheDir, options } = await surroundings();
    // tar and gzip are looked up on this process's PATH, not on the one that is searched for servers.
    const found = await findNatsServer({ ...options, release: await release() });
    expect(found).toEqual({
      path: cachedPath(cacheDir, machine),
      version: PINNED_VERSION,
      source: 'release',
    });
    expect(await readdir(cacheDir)).toEqual(['nats-server']);
  });

  it('download nats-server - an archive with another checksum is thrown away', async () => {
    const { cacheDir, options } = await surroundings();
    const { baseUrl } = await release();
    const checksums = { [name]: '0'.repeat(64) };
    const found = findNatsServer({ ...options, release: { baseUrl, checksums } });
    await expect(found).rejects.toThrow(/the checksum of http.* is [0-9a-f]{64}, but 0{64} was expected/);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('download nats-server - nothing is fetched without a pinned checksum', async () => {
    const hits: string[] = [];
    const { baseUrl } = await release(hits);
    const download = downloadRelease(await folder(), machine, { baseUrl, checksums: {} }, () => {});
    await expect(download).rejects.toThrow(`no checksum is pinned for ${name}`);
    expect(hits).toEqual([]);
  });

  it('download nats-server - a host that cannot be reached is said at once', async () => {
    const source = { baseUrl: 'http://127.0.0.1:1', checksums: { [name]: '0'.repeat(64) } };
    await expect(downloadRelease(await folder(), machine, source, () => {})).rejects.toThrow(
      'cannot be reached',
    );
  });

  it.each([
    ['linux', 'x64', 'linux-amd64.tar.gz'],
    ['linux', 'arm64', 'linux-arm64.tar.gz'],
    ['darwin', 'x64', 'darwin-amd64.tar.gz'],
    ['darwin', 'arm64', 'darwin-arm64.tar.gz'],
    ['win32', 'x64', 'windows-amd64.zip'],
    ['linux', 's390x', undefined],
  ] as const)('download nats-server - the archive of %s %s is %s', (platform, arch, suffix) => {
    const expected = suffix && `nats-server-v${PINNED_VERSION}-${suffix}`;
    expect(archiveName({ env: {}, platform, arch })).toBe(expected);
  });
});

describe('nats-server version', () => {
  it.each([
    ['2.14.0', true],
    ['2.14.0-RC.1', false],
    ['2.13.99', false],
    ['2.15.2', true],
    ['10.0.0', true],
    ['2.9.0', false],
  ])('nats-server version - %s is new enough: %s', (version, expected) => {
    expect(isSupported(version)).toBe(expected);
  });

  it('nats-server version - the pinned one is not older than the oldest supported', () => {
    expect(compareVersions(PINNED_VERSION, MINIMUM_VERSION)).toBeGreaterThanOrEqual(0);
  });
});
