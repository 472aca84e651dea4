import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { createKeys, parseCreds } from '@causeway/identity';
import { subjects } from '@causeway/protocol';
import { systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import type { AttackLink } from './leaf/attackers.ts';
import { type Scene, startScene } from './leaf/scene.ts';
import { doorOf } from './support/doors.ts';
import { knock, type Pass } from './support/knock.ts';
import { accountAt, pushClaims } from './support/witness.ts';

const refused = 'Authorization Violation';
const passOf = async (file: string): Promise<Required<Pass>> => parseCreds(await readFile(file, 'utf8'));

let scene: Scene;
const sites = ['cloud', 'edge-a', 'edge-b'];

beforeAll(async () => {
  scene = await startScene();
}, 90_000);
afterAll(() => scene?.close());

const client = (site: string) => doorOf(scene.fabric, site, 'client');
const wait = 8_000;

/** Calls as whoever has the site's link: under any name of its site. Resolves with the code that it is told, or OK. */
async function callAs(link: AttackLink, name: string): Promise<string> {
  const token = Buffer.from(systemRandom.bytes(9)).toString('base64url');
  const reply = subjects.inbox.build({ site: 'edge-b', caller: name, connection: 'x', token });
  link.publish(`call.edge-b.${name}.edge-a.quotes.v1.say`, '{}', { reply });
  const answer = await until(`${name} is answered`, () =>
    link.heard.find(({ subject }) => subject === reply),
  );
  const { code = 'OK' } = JSON.parse(String(answer.body)) as { code?: string };
  return code;
}

describe('callers that a taken-over site makes up', () => {
  it('made up - under a policy for everybody only those are admitted that there are; who was revoked is told so', async () => {
    const { fabric } = scene;
    await fabric.admin.apply([
      {
        ...{ kind: 'policy', name: 'everybody', tenant: 'acme', from: {}, effect: 'allow' },
        to: { service: 'quotes', endpoints: ['say'] },
      },
    ]);
    await fabric.identity('edge-b', 'clerk');
    const link = await scene.raw.open('acme');
    try {
      link.subscribe('_INBOX.edge-b.>');
      await link.flush();
      await until('a caller that there is is admitted', async () => (await callAs(link, 'clerk')) === 'OK');
      const before = scene.served.length;
      for (const name of ['nobody', 'root', 'trader', 'clerk-2']) {
        expect([name, await callAs(link, name)]).toEqual([name, 'NO_ROUTE']);
      }
      // Whoever has the site need not come in as the service that was revoked: he has its link.
      const request = { tenant: 'acme', site: 'edge-b', service: 'clerk', wait };
      const receipts = (await fabric.admin.revoke(request)).sites ?? [];
      expect(receipts.find(({ site }) => site === 'edge-a')).toEqual({ site: 'edge-a', inForce: true });
      expect(await callAs(link, 'clerk')).toBe('REVOKED');
      expect(scene.served.slice(before)).toEqual([]);
      // One that is made later is admitted by the time that its credentials are there.
      await fabric.identity('edge-b', 'newcomer');
      expect(await callAs(link, 'newcomer')).toBe('OK');
    } finally {
      await link.close();
    }
  });
});

describe('whoever was revoked, and comes back', () => {
  it('back - one that is issued and revoked again within a second is in just when it is issued', async () => {
    const { admin } = scene.fabric;
    const keys = createKeys('user', systemRandom);
    const name = { tenant: 'acme', site: 'edge-b', service: 'again' };
    const old: string[] = [];
    const doors = await Promise.all(sites.map(client));
    const verdicts = (jwt: string) => Promise.all(doors.map((door) => knock(door, { jwt, seed: keys.seed })));
    for (let round = 0; round < 4; round += 1) {
      const { jwt } = await admin.issue({ ...name, key: keys.publicKey });
      expect(await verdicts(jwt)).toEqual(['in', 'in', 'in']);
      old.push(jwt);
      const { sites: receipts = [] } = await admin.revoke({ ...name, wait });
      expect(receipts.every(({ inForce }) => inForce)).toBe(true);
      for (const each of old) expect(await verdicts(each)).toEqual([refused, refused, refused]);
    }
  });

  it('back - older claims, told again as the registry tells new ones, bring nobody back', async () => {
    const { fabric } = scene;
    const pass = await passOf(await fabric.identity('edge-a', 'spy'));
    const before = await accountAt(fabric, 'edge-a', 'acme');
    await fabric.admin.revoke({ tenant: 'acme', site: 'edge-a', service: 'spy', wait });
    const door = await client('edge-a');
    expect(await knock(door, pass)).toBe(refused);
    // Whoever could speak as the registry to the gateway: by the subject on which it tells claims ahead of tables.
    const registry = await scene.control();
    registry.publish('_INBOX.edge-a.gateway.gw-1.claims', JSON.stringify({ jwt: before.jwt }));
    await registry.flush();
    // What is told by the same way afterwards is in force: so the gateway has heard it.
    const other = await passOf(await fabric.identity('edge-a', 'spy-2'));
    await fabric.admin.revoke({ tenant: 'acme', site: 'edge-a', service: 'spy-2', wait });
    expect(await knock(door, other)).toBe(refused);
    expect(await knock(door, pass)).toBe(refused);
    // The server itself would take them: so it is the gateway that keeps them out.
    await pushClaims(fabric, 'edge-a', before.jwt);
    expect(await knock(door, pass)).toBe('in');
    await fabric.admin.revoke({ tenant: 'acme', site: 'edge-a', service: 'spy', wait });
    await until('the next claims put it right', async () => (await knock(door, pass)) === refused);
  });

  it('back - no credentials of a revoked site open any door, whatever their role', async () => {
    const { fabric } = scene;
    const layout = fabricLayout(fabric.dir).site('edge-b');
    const files = {
      service: await fabric.identity('edge-b', 'desk'),
      gateway: path.join(layout.creds, 'gateway-acme.creds'),
      leaf: path.join(layout.leafCreds, 'acme.leaf.creds'),
      control: path.join(layout.leafCreds, 'control.leaf.creds'),
    };
    const passes = await Promise.all(
      Object.entries(files).map(async ([role, file]) => [role, await passOf(file)] as const),
    );
    await fabric.admin.revokeSite('edge-b', { wait });
    const leaf = await doorOf(fabric, 'cloud', 'leaf');
    await until(
      'its own link is cut',
      async () => (await knock(leaf, await passOf(files.control))) === refused,
    );
    for (const [role, pass] of passes) {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect([role, await knock(leaf, pass)]).toEqual([role, refused]);
        for (const site of sites) {
          expect([role, site, await knock(await client(site), pass)]).toEqual([role, site, refused]);
        }
      }
    }
    // Nor as the fabric knows it: what a revoked site asks for itself is refused.
    await expect(fabric.admin.rotateSite('edge-b', 'leaf')).rejects.toMatchObject({
      reason: expect.stringContaining('was revoked'),
    });
  });
});
