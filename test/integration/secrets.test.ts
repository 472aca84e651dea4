import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, joinSite } from '@causeway/fabric';
import { parseInvitation } from '@causeway/identity';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { readRecords } from '../support/records.ts';
import { silent } from '../support/silent-logger.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const echo = {
  kind: 'api',
  service: 'echo',
  version: '1.0.0',
  endpoints: { say: { request: { type: 'string' }, reply: { type: 'string' } } },
} as const;

/** An NKey seed of an operator, account or user; a JWT as NATS writes them. */
const seedPattern = /\bS[AOU][A-Z2-7]{56}\b/g;
const jwtPattern = /\beyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}/g;
const seedFile = /\.(?:nk|creds)$/;

/** Every file below a folder: its path from there, and its bytes as text. */
async function filesIn(folder: string): Promise<{ place: string; text: string }[]> {
  // So do folders, which ends the reading of all of them.
  const entries = await until('a reading in a quiet moment', () =>
    readdir(folder, { withFileTypes: true, recursive: true }),
  );
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async (entry) => {
      const place = path.join(entry.parentPath, entry.name);
      // Streams' own files come and go while servers run.
      const bytes = await readFile(place).catch(() => Buffer.alloc(0));
      return { place: path.relative(folder, place), text: bytes.toString('latin1') };
    }),
  );
}

const found = (texts: readonly string[], pattern: RegExp) =>
  new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([match]) => match)));

/** The claims of a JWT. */
function claimsOf(jwt: string): { nats: { type?: string } } {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as {
    nats: { type?: string };
  };
}

describe('secrets', () => {
  let fabric: TestFabric;
  let creds: string;
  let invitation: string;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    creds = await fabric.identity('cloud', 'caller');
    const server = await fabric.connect('edge-a', 'echo');
    await fabric.admin.apply([
      { kind: 'policy', name: 'open', from: { service: 'caller' }, to: { service: 'echo' }, effect: 'allow' },
    ]);
    await server.serve(echo, { say: (text) => text });
    const caller = await fabric.connect('cloud', 'caller');
    const stranger = await fabric.connect('cloud', 'stranger');
    const call = (from: typeof caller) =>
      from.service<typeof echo>('echo', 1).say('hello', { timeout: 1_000 });
    await until('the call goes through', () => call(caller));
    await expect(call(stranger)).rejects.toMatchObject({ code: 'NO_ROUTE' });
    // A refused login, a revoked identity and a refused request are what logs are most eager to tell of.
    await fabric.admin.revoke({ tenant: 'acme', site: 'cloud', service: 'stranger' });
    await fabric.admin.apply([{ kind: 'policy', name: 'x' }]).catch(() => undefined);
    // A site that joins, and one that tries it with another's invitation.
    await using elsewhere = await openTemporaryFolder('causeway-secrets-');
    const ports = { clock: systemClock, random: systemRandom, logger: silent, onProgress: () => {} };
    invitation = (await fabric.admin.invite({ site: 'edge-j' })).token;
    const join = (name: string) =>
      joinSite({ dir: path.join(elsewhere.path, name), token: invitation }, ports);
    await join('one');
    await expect(join('two')).rejects.toThrow('was used already');
    await until('the call is recorded', async () => (await readRecords(fabric)).length > 0);
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  it('secrets - seeds stand in key and credentials files, and nowhere else in the fabric’s folder', async () => {
    const files = await filesIn(fabric.dir);
    const holders = files.filter(({ text }) => found([text], seedPattern).size > 0).map(({ place }) => place);
    expect(holders.length).toBeGreaterThan(20);
    expect(holders.filter((place) => !seedFile.test(place))).toEqual([]);
  });

  it('secrets - no seed and no user’s JWT is in any log', async () => {
    const logs = await filesIn(fabricLayout(fabric.dir).logs);
    // One for each server and gateway, and the registry's: all of them have something in them.
    expect(logs.map(({ place }) => place).sort()).toEqual([
      'gateway-cloud.log',
      'gateway-edge-a.log',
      'registry.log',
      'server-cloud.log',
      'server-edge-a.log',
    ]);
    expect(logs.filter(({ text }) => text.length < 100).map(({ place }) => place)).toEqual([]);
    const secrets = await filesIn(fabric.dir);
    const texts = [
      ...secrets.filter(({ place }) => seedFile.test(place)).map(({ text }) => text),
      await readFile(creds, 'latin1'),
    ];
    const seeds = found(texts, seedPattern);
    const userJwts = found(texts, jwtPattern);
    expect(seeds.size).toBeGreaterThan(20);
    expect(userJwts.size).toBeGreaterThan(8);
    for (const { place, text } of logs) {
      for (const secret of [...seeds, ...userJwts]) expect(text.includes(secret), place).toBe(false);
      // Neither one that is no longer in a file, such as of a user that was issued again.
      expect(found([text], seedPattern), place).toEqual(new Set());
      const users = [...found([text], jwtPattern)].filter((jwt) => claimsOf(jwt).nats.type === 'user');
      expect(users, place).toEqual([]);
    }
  });

  it('secrets - of an invitation nothing is kept in the fabric, and nothing is in any log', async () => {
    const { value } = parseInvitation(invitation);
    const hidden = [
      invitation,
      invitation.split('.')[1],
      value?.secret,
      value?.jwt,
      value?.jwt.split('.')[2],
    ];
    for (const { place, text } of await filesIn(fabric.dir)) {
      for (const each of hidden) expect(text.includes(each ?? '-'), place).toBe(false);
    }
    const items = await fabric.admin.get('invitations');
    expect(items.items).toMatchObject([{ name: 'edge-j', state: 'used', by: 'root' }]);
    for (const each of hidden) expect(JSON.stringify(items)).not.toContain(each ?? '-');
  });

  it('secrets - what goes to the registry and to sites holds no seed', async () => {
    const items = await Promise.all(
      (['apis', 'policies', 'sites', 'services', 'instances', 'routes', 'invitations'] as const).map((kind) =>
        fabric.admin.get(kind),
      ),
    );
    expect(found([JSON.stringify(items)], seedPattern).size).toBe(0);
    const service = items[3]?.items.find(({ name }) => name === 'caller');
    expect(service).toMatchObject({ tenant: 'acme', site: 'cloud' });
    expect(JSON.stringify(items)).not.toMatch(jwtPattern);
  });
});
