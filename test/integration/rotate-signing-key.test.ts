import { readdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Fabric, fabricLayout, joinSite, rotateSigningKey, up } from '@causeway/fabric';
import { decodeJwt } from '@causeway/identity';
import { findNatsServer } from '@causeway/nats-server';
import { systemClock, systemRandom } from '@causeway/transport';
import { describe, expect, it } from 'vitest';
import { countCodes, startLoad } from '../faults/support/load.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silent, onProgress: () => {} };

const echo = {
  kind: 'api',
  service: 'echo',
  version: '1.0.0',
  endpoints: { say: { request: { type: 'integer' }, reply: { type: 'integer' } } },
} as const;

/** Who signed the claims that a site's server keeps, by the accounts' names. */
async function issuers(dir: string, site: string): Promise<Record<string, string>> {
  const folder = path.join(fabricLayout(dir).site(site).nats, 'resolver');
  const found: Record<string, string> = {};
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.jwt')) continue;
    const { name, issuer } = decodeJwt((await readFile(path.join(folder, file), 'utf8')).trim());
    found[name] = issuer;
  }
  return found;
}

async function startJoined(fabric: TestFabric, dir: string): Promise<Fabric> {
  const { token } = await fabric.admin.invite({ site: 'edge-j' });
  await joinSite({ dir, token }, ports);
  const { path: binary } = await findNatsServer({});
  return up({ dir, edges: undefined, tenants: undefined, binary, ...ports });
}

describe('operator’s signing key', { timeout: 240_000 }, () => {
  it('operator’s signing key - is replaced under load, at sites that joined too: no call fails, and no server is started again', async () => {
    await using fabric = await startTestFabric({ edges: ['edge-a'] });
    const joinedDir = path.join(await temporaryFolder(), 'edge-j');
    const joined = await startJoined(fabric, joinedDir);
    try {
      await fabric.admin.apply([
        { kind: 'policy', name: 'echo', from: {}, to: { service: 'echo' }, effect: 'allow' },
      ]);
      const server = await fabric.connect('edge-a', 'echo');
      await server.serve(echo, { say: (n) => n });
      const callers = await Promise.all(['cloud', 'edge-a'].map((site) => fabric.connect(site, 'caller')));
      const say = (caller: (typeof callers)[number], n: number) =>
        caller.call({ service: 'echo', major: 1, endpoint: 'say', site: undefined }, n);
      for (const caller of callers) await until('the first call', async () => (await say(caller, 1)) === 1);
      const servers = () => Object.entries(fabric.fabric.processes).filter(([name]) => name !== 'registry');
      const before = servers();

      const load = startLoad(
        callers.map((caller, index) => ({ name: `caller ${index}`, rate: 40, call: (n) => say(caller, n) })),
      );
      const rotated = await rotateSigningKey({ dir: fabric.dir }, ports);
      const calls = await load.stop();
      expect(calls.length).toBeGreaterThan(20);
      expect(countCodes(calls)).toEqual({ OK: calls.length });
      expect(servers()).toEqual(before);
      expect(rotated).toMatchObject({
        restart: ['cloud', 'edge-a'],
        redistribute: { 'edge-j': ['registry/operator.jwt'] },
      });

      const wanted = (names: string[]) => Object.fromEntries(names.map((name) => [name, rotated.signingKey]));
      expect(await issuers(fabric.dir, 'cloud')).toEqual(wanted(['CONTROL', 'OPS', 'SYS-cloud', 'acme']));
      expect(await issuers(fabric.dir, 'edge-a')).toEqual(wanted(['SYS-edge-a', 'acme', 'site-edge-a']));
      expect(await issuers(joinedDir, 'edge-j')).toEqual(wanted(['SYS-edge-j', 'acme', 'site-edge-j']));

      // It all goes on: new identities, revocations, sites that join, and the load once more.
      const late = await fabric.connect('edge-a', 'late');
      expect(await say(late, 7)).toBe(7);
      await fabric.admin.revoke({ tenant: 'acme', site: 'edge-a', service: 'late' });
      await until('the revoked one is refused', () =>
        say(late, 8).then(
          () => false,
          () => true,
        ),
      );
      const another = path.join(await temporaryFolder(), 'edge-k');
      const { token } = await fabric.admin.invite({ site: 'edge-k' });
      expect(await joinSite({ dir: another, token }, ports)).toMatchObject({ site: 'edge-k' });

      // The key after the next is known to no server before it is started again.
      await expect(rotateSigningKey({ dir: fabric.dir }, ports)).rejects.toThrow(
        /servers of cloud, edge-a do not trust the next key yet/,
      );
      for (const site of ['cloud', 'edge-a']) {
        const pid = fabric.fabric.processes[`server ${site}`] as number;
        process.kill(pid, 'SIGTERM');
        await until('it is started again', () => {
          const now = fabric.fabric.processes[`server ${site}`];
          return now !== undefined && now !== pid;
        });
      }
      await until('calls go through', async () => (await say(callers[0] as never, 9)) === 9, {
        timeout: 30_000,
      });
      await fabric.admin.removeSite('edge-k');
      const again = await until('all is back', () => rotateSigningKey({ dir: fabric.dir }, ports), {
        timeout: 90_000,
      });
      expect(again.before).toBe(rotated.signingKey);
    } finally {
      await joined.stop();
    }
  });

  it('operator’s signing key - cut short at any step, it goes on; without operator/ it says what is missing', async () => {
    await using fabric = await startTestFabric({ edges: ['edge-a'] });
    const layout = fabricLayout(fabric.dir);
    const key = async () =>
      decodeJwt((await readFile(path.join(layout.registry, 'operator.jwt'), 'utf8')).trim());
    const keysBefore = (await key()).nats.signing_keys as string[];
    await rename(layout.operator, `${layout.operator}.away`);
    await expect(rotateSigningKey({ dir: fabric.dir }, ports)).rejects.toThrow(
      /operator.nk is not there: bring back/,
    );
    await rename(`${layout.operator}.away`, layout.operator);
    for (const step of ['making', 'having', 'taking']) {
      const cut = {
        ...ports,
        onProgress: (text: string) => {
          if (text.startsWith(step)) throw new Error('killed');
        },
      };
      await expect(rotateSigningKey({ dir: fabric.dir }, cut)).rejects.toThrow('killed');
      expect(
        await fabric.admin.get('sites').then(
          ({ items }) => items.length,
          () => 2,
        ),
      ).toBe(2);
    }
    const rotated = await rotateSigningKey({ dir: fabric.dir }, ports);
    expect([rotated.before, rotated.signingKey]).toEqual(keysBefore);
    const [now, later, ...others] = (await key()).nats.signing_keys as string[];
    expect([now, others]).toEqual([rotated.signingKey, []]);
    expect(later).not.toBe(rotated.before);
    await expect(stat(path.join(layout.operator, 'last-signing.nk'))).rejects.toThrow();
    expect(await issuers(fabric.dir, 'edge-a')).toMatchObject({ 'site-edge-a': rotated.signingKey });
  });
});
