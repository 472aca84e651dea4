import { readdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Fabric, fabricLayout, joinSite, readProcesses, up } from '@causeway/fabric';
import { describeCertificate, parseInvitation } from '@causeway/identity';
import { findNatsServer } from '@causeway/nats-server';
import { connect } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silent, onProgress: () => {} };

const echo = (service: string) =>
  ({
    kind: 'api',
    service,
    version: '1.0.0',
    endpoints: { say: { request: { type: 'string' }, reply: { type: 'string' } } },
  }) as const;

async function start(dir: string): Promise<Fabric> {
  const { path: binary } = await findNatsServer({});
  return up({ dir, edges: undefined, tenants: undefined, binary, ...ports });
}

/** What `site join` leaves behind beside a folder, and the folder itself where it is there. */
async function leftBeside(dir: string): Promise<string[]> {
  return (await readdir(path.dirname(dir))).filter((name) => name.startsWith(path.basename(dir)));
}

describe('joining', { timeout: 240_000 }, () => {
  let fabric: TestFabric;
  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'], tenants: ['acme', 'globex'] });
    await fabric.admin.apply(
      ['acme', 'globex'].map((tenant) => ({
        ...{ kind: 'policy', tenant, name: 'open', from: {}, to: { service: '*' }, effect: 'allow' },
      })),
    );
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  const invited = async (
    site: string,
    more: { tenants?: string[]; hosts?: string[]; expires?: number } = {},
  ) => (await fabric.admin.invite({ site, ...more })).token;

  it('joining - a site that joined by an invitation calls and is called, in both directions', async () => {
    const dir = path.join(await temporaryFolder(), 'edge-c');
    const token = await invited('edge-c');
    const joined = await joinSite({ dir, token }, ports);
    expect(joined).toMatchObject({
      site: 'edge-c',
      tenants: ['acme', 'globex'],
      host: '127.0.0.1',
      gateway: 'gw-1',
    });
    expect(await leftBeside(dir)).toEqual(['edge-c']);
    const site = await start(dir);
    try {
      const [{ url = '' } = {}] = site.summary.sites;
      const there = await connect({
        url,
        creds: await fabric.identity('edge-c', 'there'),
        ca: site.summary.ca,
        logger: silent,
      });
      const here = await fabric.connect('edge-a', 'here');
      await there.serve(echo('there'), { say: (text) => `there ${text}` });
      await here.serve(echo('here'), { say: (text) => `here ${text}` });
      const say = (from: typeof here, service: string) =>
        from.call({ service, major: 1, endpoint: 'say', site: undefined }, 'hello');
      await until('edge-a reaches edge-c', async () => (await say(here, 'there')) === 'there hello');
      await until('edge-c reaches edge-a', async () => (await say(there, 'here')) === 'here hello');
      const status = await fabric.admin.status();
      expect(status.sites.find(({ name }) => name === 'edge-c')).toMatchObject({
        gateways: [{ name: 'gw-1', alive: true }],
      });
      await there.close();

      const shown = await causeway(['status', '--dir', dir, '-o', 'json']);
      expect(JSON.parse(shown.stdout)).toMatchObject({ healthy: true, up: true, ailments: [] });
      expect(await causeway(['doctor', '--dir', dir])).toMatchObject({ code: 0 });
      for (const command of [
        ['get', 'sites'],
        ['tenant', 'add', 'initech'],
        ['operator', 'rotate'],
      ]) {
        const refused = await causeway([...command, '--dir', dir]);
        expect(refused).toMatchObject({ code: 1, stdout: '' });
        expect(refused.stderr).toContain('give this command where the hub is');
      }
      await expect(start(dir)).rejects.toThrow(/is up already/);
    } finally {
      await site.stop();
    }
    const stopped = await causeway(['status', '--dir', dir]);
    expect(stopped).toMatchObject({ code: 1, stderr: expect.stringContaining('causeway up starts it') });
  });

  it('joining - only public keys travel, and every key stays in the site’s own folder, for its owner alone', async () => {
    const dir = path.join(await temporaryFolder(), 'edge-d');
    const token = await invited('edge-d', { tenants: ['acme'] });
    await joinSite({ dir, token }, ports);
    const names = await readdir(dir, { recursive: true });
    expect(names).not.toContain('pki/ca.key');
    const seeds = new Set<string>();
    for (const name of names) {
      const file = path.join(dir, name);
      const { mode } = await stat(file);
      if ((await stat(file)).isDirectory()) continue;
      const text = await readFile(file, 'utf8');
      for (const [seed] of text.matchAll(/S[OAU][A-Z2-7]{56}/g)) seeds.add(seed);
      if (/\.(nk|creds|key)$/.test(name)) expect(mode & 0o077, name).toBe(0);
      else expect(text, name).not.toMatch(/S[OAU][A-Z2-7]{56}|PRIVATE KEY/);
    }
    // 5 roles' signing keys, and users: gateway, broker, auditor, system, two of acme, one link.
    expect(seeds.size).toBe(12);
    const { value } = parseInvitation(token);
    const hidden = [...seeds, value?.secret ?? '-', value?.jwt ?? '-'];
    const { root, logs } = fabricLayout(fabric.dir);
    for (const name of await readdir(root, { recursive: true })) {
      const text = await readFile(path.join(root, name), 'latin1').catch(() => '');
      for (const each of hidden) expect(text.includes(each), name).toBe(false);
    }
    expect((await readFile(path.join(logs, 'registry.log'), 'utf8')).includes('site joined')).toBe(true);
    expect(await fabric.admin.get('sites', 'edge-d')).toMatchObject({ items: [{ tenants: ['acme'] }] });
    await fabric.admin.removeSite('edge-d');
  });

  it('joining - an invitation is good once; two at once have one winner; the other is told, and leaves nothing', async () => {
    const folder = await temporaryFolder();
    const token = await invited('edge-e');
    const dirs = ['one', 'two'].map((name) => path.join(folder, name));
    const outcomes = await Promise.allSettled(dirs.map((dir) => joinSite({ dir, token }, ports)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const loser = outcomes.findIndex(({ status }) => status === 'rejected');
    expect(outcomes[loser]).toMatchObject({
      reason: {
        code: 'DENIED',
        message: expect.stringMatching(/was used already, with other keys, at .*site remove edge-e/),
      },
    });
    expect(await leftBeside(dirs[loser] as string)).toEqual([]);
    // Nor into the winner's folder again.
    await expect(joinSite({ dir: dirs[1 - loser] as string, token }, ports)).rejects.toThrow(
      /joined by this invitation/,
    );
    await fabric.admin.removeSite('edge-e');
    await expect(joinSite({ dir: path.join(folder, 'three'), token }, ports)).rejects.toThrow(
      /DENIED|was used already/,
    );
  });

  it('joining - one that was cut short goes on with the same keys, also where the registry was killed', async () => {
    const folder = await temporaryFolder();
    const token = await invited('edge-f');
    const dir = path.join(folder, 'edge-f');
    // As a process that is killed: it has asked, and never hears the answer.
    const killed = {
      ...ports,
      onProgress: (text: string) => {
        if (text.startsWith('making')) throw new Error('killed');
      },
    };
    await expect(joinSite({ dir, token }, killed)).rejects.toThrow('killed');
    expect(await leftBeside(dir)).toEqual(['edge-f.joining.nk']);
    expect((await fabric.admin.get('invitations', 'edge-f')).items).toMatchObject([{ state: 'used' }]);
    await expect(joinSite({ dir: path.join(folder, 'thief'), token }, ports)).rejects.toThrow(/used already/);

    const layout = fabricLayout(fabric.dir);
    const registry = (await readProcesses(layout.processes)).registry as number;
    process.kill(registry, 'SIGKILL');
    expect(await joinSite({ dir, token }, ports)).toMatchObject({ site: 'edge-f' });
    expect(await leftBeside(dir)).toEqual(['edge-f']);
    const site = await start(dir);
    await site.stop();
    await fabric.admin.removeSite('edge-f');
  });

  it('joining - the registry killed again and again in the middle: the site is in whole, or was never there', async () => {
    const layout = fabricLayout(fabric.dir);
    const token = await invited('edge-g');
    const dir = path.join(await temporaryFolder(), 'edge-g');
    let kills = 0;
    const kill = async () => {
      const { registry } = await readProcesses(layout.processes);
      if (registry === undefined) return;
      try {
        process.kill(registry, 'SIGKILL');
        kills += 1;
      } catch {
        // It is between an end and a start.
      }
    };
    let asked: Promise<unknown> = Promise.resolve();
    const joined = await joinSite(
      { dir, token },
      {
        ...ports,
        onProgress: (text) => {
          if (text.startsWith('asking') || (text.startsWith('waiting') && kills < 3)) asked = kill();
        },
      },
    );
    await asked;
    expect(joined.site).toBe('edge-g');
    expect(kills).toBeGreaterThan(0);
    await until('the registry is back', async () =>
      (await fabric.admin.status()).sites.some(({ name }) => name === 'edge-g'),
    );
    const site = await start(dir);
    await until('its gateway is heard of', async () =>
      (await fabric.admin.status()).sites
        .find(({ name }) => name === 'edge-g')
        ?.gateways.every(({ alive }) => alive),
    );
    await site.stop();
    await fabric.admin.removeSite('edge-g');
  });

  it('joining - on the command line: one line on standard output, taken in from standard input', async () => {
    const at = ['--dir', fabric.dir];
    const made = await causeway([
      'site',
      'invite',
      'edge-l',
      '--tenant',
      'acme',
      '--host',
      'edge-l.example.org',
      '--expires',
      '5m',
      ...at,
    ]);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^causeway1\.[\w.-]+\n$/) });
    expect(made.stderr).toContain('site edge-l is invited, with acme, once and until');
    const listed = await causeway(['get', 'invitations', '-o', 'json', ...at]);
    expect(JSON.parse(listed.stdout)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'edge-l',
          state: 'open',
          hosts: expect.arrayContaining(['edge-l.example.org']),
        }),
      ]),
    );
    expect(listed.stdout).not.toContain('verifier');
    const dir = path.join(await temporaryFolder(), 'edge-l');
    const joined = await causeway(
      ['site', 'join', '-', '--dir', dir, '--host', 'EDGE-L.example.org', '--ports', 'free', '-o', 'json'],
      {
        input: made.stdout,
      },
    );
    expect(joined).toMatchObject({ code: 0 });
    expect(JSON.parse(joined.stdout)).toMatchObject({
      dir,
      site: 'edge-l',
      host: 'edge-l.example.org',
      tenants: ['acme'],
    });
    const again = await causeway(['site', 'join', '-', '--dir', dir], { input: made.stdout });
    expect(again).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('joined by this invitation'),
    });
    const used = await causeway(['site', 'uninvite', 'edge-l', ...at]);
    expect(used).toMatchObject({ code: 1, stderr: expect.stringContaining('causeway site remove edge-l') });
    for (const args of [
      ['site', 'invite', 'EDGE', ...at],
      ['site', 'invite', 'edge-m', '--expires', '16m', ...at],
      ['site', 'invite', 'edge-m', '--host', '*.example.org', ...at],
      ['site', 'join', ...at],
      ['run', 'site', ...at],
    ]) {
      expect(await causeway(args)).toMatchObject({ code: 2, stdout: '' });
    }
    await fabric.admin.removeSite('edge-l');
  });

  it('joining - a name that is taken, was removed, is reserved or none; hosts and tenants that will not do', async () => {
    const fault = (request: Parameters<typeof fabric.admin.invite>[0]) =>
      expect(fabric.admin.invite(request)).rejects;
    await fault({ site: 'edge-a' }).toThrow('there is a site edge-a already; choose another name');
    await fault({ site: 'cloud' }).toThrow('there is a site cloud already');
    await fault({ site: 'edge-e' }).toThrow(
      'a site edge-e was removed; its records are kept under that name',
    );
    await fault({ site: 'registry' }).toThrow('site "registry" is a reserved word');
    await fault({ site: 'gw-9' }).toThrow('would share its consumers with a gateway');
    await fault({ site: 'Edge' }).toThrow('/site must match pattern');
    await fault({ site: 'edge-x', tenants: ['acne'] }).toThrow(
      'there is no tenant acne; did you mean "acme"?',
    );
    await fault({ site: 'edge-x', hosts: ['*.example.org'] }).toThrow(/\/hosts\/0/);
    await fault({ site: 'edge-x', expires: 16 * 60_000 }).toThrow('/expires must be <= 900000');
    await expect(fabric.admin.uninvite('edge-x')).rejects.toThrow(
      'site edge-x has no invitation that is open',
    );
    expect((await fabric.admin.get('invitations', 'edge-x')).items).toEqual([]);
  });

  it('joining - an invitation that expired, was taken back or replaced, is of another fabric, cut off, for another host', async () => {
    const folder = await temporaryFolder();
    const dir = path.join(folder, 'edge-h');
    const join = (token: string, more: { host?: string } = {}) =>
      expect(joinSite({ dir, token, ...more }, ports)).rejects;
    const short = await invited('edge-h', { expires: 1_000 });
    await until('it has expired', () => (parseInvitation(short).value?.expires ?? 0) + 1_000 < Date.now());
    await join(short).toThrow(
      /does not admit this invitation of site edge-h: it was good until .* causeway site invite edge-h/,
    );
    const first = await invited('edge-h');
    await join(first, { host: 'hub.example.org' }).toThrow(
      /not hub.example.org; for that one .*--host hub.example.org/,
    );
    const second = await invited('edge-h');
    await join(first).toThrow(/another was made in its place/);
    await fabric.admin.uninvite('edge-h');
    await join(second).toThrow(/was taken back/);
    await join(second.slice(0, -20)).toThrow('is cut off or mistyped');
    await join(second.replace('causeway1.', 'causeway2.')).toThrow('is of version 2');
    await join('hello').toThrow('is no invitation');
    await using other = await startTestFabric({ edges: [] });
    const { token } = await other.admin.invite({ site: 'edge-h' });
    const stranger = parseInvitation(token).value;
    const { formatInvitation } = await import('@causeway/identity');
    const { value } = parseInvitation(second);
    if (!stranger || !value) throw new Error('no invitation');
    await join(formatInvitation({ ...stranger, hub: value.hub })).toThrow(
      /does not show the authority of this invitation/,
    );
    await join(formatInvitation({ ...value, jwt: stranger.jwt })).toThrow(/does not admit this invitation/);
    expect(await leftBeside(dir)).toEqual([]);
  });

  it.each([-60, -1, 1, 60])(
    'joining - this machine’s clock is off by %i min: it joins, and is told so',
    async (minutes) => {
      const dir = path.join(await temporaryFolder(), 'edge-i');
      const name = `edge-i-${minutes < 0 ? 'slow' : 'fast'}${Math.abs(minutes)}`;
      const clock = { ...systemClock, now: () => systemClock.now() + minutes * 60_000 };
      const joined = await joinSite({ dir, token: await invited(name) }, { ...ports, clock });
      expect(Math.round(joined.clockAheadMs / 60_000)).toBe(minutes);
      const site = await start(dir);
      await site.stop();
      await fabric.admin.removeSite(name);
    },
  );

  it('joining - the certificate of a site that joined is renewed by the registry, and the operator’s and CA’s keys are away', async () => {
    const layout = fabricLayout(fabric.dir);
    await rename(layout.operator, `${layout.operator}.away`);
    await rename(layout.caKey, `${layout.caKey}.away`);
    try {
      const dir = path.join(await temporaryFolder(), 'edge-j');
      await joinSite({ dir, token: await invited('edge-j'), certificateDays: 30_000 / 86_400_000 }, ports);
      const file = path.join(fabricLayout(dir).site('edge-j').nats, 'tls', 'server.pem');
      const certificate = async () => describeCertificate(await readFile(file, 'utf8'));
      const before = await certificate();
      expect([...before.hosts].sort()).toEqual(['127.0.0.1', '::1', 'edge-j', 'localhost']);
      const site = await start(dir);
      try {
        const after = await until(
          'it is renewed',
          async () => {
            const now = await certificate();
            return now.fingerprint === before.fingerprint ? undefined : now;
          },
          { timeout: 60_000 },
        );
        expect(after.hosts).toEqual(before.hosts);
        expect(after.notAfter).toBeGreaterThan(before.notAfter);
      } finally {
        await site.stop();
      }
      await fabric.admin.removeSite('edge-j');
    } finally {
      await rename(`${layout.operator}.away`, layout.operator);
      await rename(`${layout.caKey}.away`, layout.caKey);
    }
  });
});
