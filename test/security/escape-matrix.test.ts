import { readFile } from 'node:fs/promises';
import { roles } from '@causeway/identity';
import { subjects } from '@causeway/protocol';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import {
  type Cell,
  isAllowed,
  isMoot,
  publishCells,
  type Surroundings,
  subscribeCells,
} from './support/cells.ts';
import { doorOf } from './support/doors.ts';
import { knock } from './support/knock.ts';
import { type Fault, type Row, runRow } from './support/matrix.ts';
import { type RawClient, rawClient } from './support/raw-client.ts';
import { type Right, rights, rightsOf } from './support/rights.ts';
import { callTheRoll, type Member, sites } from './support/roster.ts';
import { covers } from './support/subject-match.ts';
import {
  accountAt,
  admitWitnesses,
  pushClaims,
  signAgain,
  type Witnesses,
  widen,
} from './support/witness.ts';

const tenants = ['acme', 'globex'];
const others = ['quotes', 'desk', 'gw-2'];

let fabric: TestFabric;
let ca: string;
let witnesses: Witnesses;
let roll: Member[];

/** The streams of a witness's account at his server, with their consumers. */
async function streamsOf(witness: RawClient): Promise<Record<string, string[]>> {
  const manager = await jetstreamManager(witness.connection);
  const found: Record<string, string[]> = {};
  for await (const { config } of manager.streams.list()) {
    found[config.name] = [];
    for await (const { name } of manager.consumers.list(config.name)) found[config.name]?.push(name);
  }
  return found;
}

/** A witness for each account at each server, made once. */
const standing = new Map<string, Promise<{ witness: RawClient; around: Surroundings }>>();

function beside(site: string, account: string) {
  const key = `${site} ${account}`;
  let made = standing.get(key);
  if (!made) {
    made = (async () => {
      const witness = await witnesses.at(site, account);
      const stores = ['CONTROL', 'OPS'].includes(account) || account.startsWith('site-');
      const { publicKey } = await accountAt(fabric, site, account);
      const streams = stores ? await streamsOf(witness) : { AUDIT: ['gw-1', site], KV_compiled: ['gw-1'] };
      return { witness, around: { sites, tenants, others, streams, domain: site, accountKey: publicKey } };
    })();
    standing.set(key, made);
  }
  return made;
}

async function row(member: Member, site: string): Promise<Row> {
  const { witness, around } = await beside(site, member.account);
  const client = await rawClient(fabric.url(site), ca, member.pass);
  try {
    return await runRow(client, witness, member.holder, around);
  } finally {
    await client.close();
  }
}

const title = ({ holder }: Member) =>
  `${holder.kind} ${holder.role} ${holder.name} of ${holder.site ?? 'no site'}`;

beforeAll(async () => {
  fabric = await startTestFabric({ tenants });
  ca = await readFile(fabric.ca, 'utf8');
  roll = await callTheRoll(fabric);
  witnesses = await admitWitnesses(fabric, sites);
});
afterAll(async () => {
  await witnesses?.close();
  await fabric?.[Symbol.asyncDispose]();
});

describe('escape matrix', () => {
  it('escape matrix - the table of rights and the roll have every role there is', () => {
    const all = Object.entries(roles).flatMap(([kind, table]) =>
      Object.keys(table).map((role) => `${kind} ${role}`),
    );
    const clients = all.filter((role) => !role.endsWith(' leaf'));
    expect(Object.keys(rights).sort()).toEqual(clients.sort());
    expect([...new Set(roll.map(({ holder }) => `${holder.kind} ${holder.role}`))].sort()).toEqual(
      all.sort(),
    );
  });

  it('escape matrix - every role gets in where its account is known, as what it is, and nowhere else', async () => {
    const tries = roll.flatMap((member) =>
      sites.flatMap((site) =>
        (site === 'cloud' ? (['client', 'leaf'] as const) : (['client'] as const)).map((kind) => ({
          member,
          site,
          kind,
          welcome: member.knownAt.includes(site) && member.leaf === (kind === 'leaf'),
        })),
      ),
    );
    // Many at once, since a server takes its time over a link that it turns away; not all, since signing is slow in
    // nkeys.js and a server gives a TLS handshake that waits for its turn here up after 5 s.
    const atOnce = 18;
    const verdicts: string[] = [];
    while (verdicts.length < tries.length) {
      const group = tries.slice(verdicts.length, verdicts.length + atOnce);
      verdicts.push(
        ...(await Promise.all(
          group.map(async ({ member, site, kind }) => knock(await doorOf(fabric, site, kind), member.pass)),
        )),
      );
    }
    const seen = tries.map(({ member, site, kind }, index) => [title(member), site, kind, verdicts[index]]);
    const expected = tries.map(({ member, site, kind, welcome }) => [
      title(member),
      site,
      kind,
      welcome ? 'in' : 'Authorization Violation',
    ]);
    expect(seen).toEqual(expected);
    expect(verdicts.filter((verdict) => verdict === 'in')).not.toHaveLength(0);
    expect(verdicts).toHaveLength(roll.length * (sites.length + 1));
  });

  it('escape matrix - no role gets out of what the table allows it', { timeout: 180_000 }, async () => {
    const rows: { member: Member; site: string; row: Row }[] = [];
    // One row at a time at each server, since the witness there takes all rows of an account.
    await Promise.all(
      sites.map(async (site) => {
        for (const member of roll.filter(({ leaf, knownAt }) => !leaf && knownAt.includes(site))) {
          rows.push({ member, site, row: await row(member, site) });
        }
      }),
    );
    const cells = rows.reduce((sum, { row: { cells } }) => sum + cells, 0);
    const faults = rows.flatMap(({ member, site, row: { faults } }) =>
      faults.map(({ way, subject, what }) => `${title(member)} at ${site}: ${way} ${subject}: ${what}`),
    );
    process.stdout.write(`escape matrix: ${cells} cells of ${rows.length} rows, ${faults.length} faults\n`);
    expect(faults).toEqual([]);
    for (const {
      row: { twins },
    } of rows) {
      for (const count of Object.values(twins)) expect(count).toBeGreaterThan(0);
    }
    // Each field of each subject, as the holder's own and as another's, published and heard in two ways.
    const fields = Object.values(subjects).reduce((sum, { fields }) => sum + fields.length, 0);
    expect(cells).toBeGreaterThan(rows.length * fields * 2 * 3);
  });
});

describe('escape matrix, tested', () => {
  it('escape matrix, tested - a template that was widened turns exactly those cells red', async () => {
    const wider = { publish: 'call.>', subscribe: '_INBOX.>' };
    const account = await accountAt(fabric, 'edge-a', 'acme');
    const jwt = await signAgain(fabric, account, (body) => {
      widen(body, 'service', ({ pub, sub }) => {
        pub.allow.push(wider.publish);
        sub.allow.push(wider.subscribe);
      });
    });
    await pushClaims(fabric, 'edge-a', jwt);
    const member = roll.find(({ holder }) => holder.role === 'service' && holder.site === 'edge-a') as Member;
    const { faults } = await row(member, 'edge-a');
    await pushClaims(fabric, 'edge-a', account.jwt);
    const { around } = await beside('edge-a', member.account);
    const { publish, subscribe } = rightsOf(member.holder);
    const newly = (cells: Cell[], granted: readonly Right[], pattern: string) =>
      cells
        .filter((cell) => covers(pattern, cell.subject))
        .filter((cell) => !isAllowed(cell, granted, around) && !isMoot(cell, granted))
        .map(({ subject }) => subject)
        .sort();
    const red = (way: Fault['way'], what: string) =>
      faults
        .filter((fault) => fault.way === way && fault.what === what)
        .map(({ subject }) => subject)
        .sort();
    const spoken = newly(publishCells(member.holder, around), publish, wider.publish);
    const heard = newly(subscribeCells(member.holder, around), subscribe, wider.subscribe);
    expect(spoken).toContain('call.edge-b.desk.edge-a.quotes.v1.matrix');
    expect(heard).toContain('_INBOX.>');
    expect(red('publish', 'went through')).toEqual(spoken);
    expect(red('subscribe', 'heard what was said there')).toEqual(heard);
    expect(red('queue', 'heard what was said there')).toEqual(heard);
    expect(faults).toHaveLength(spoken.length + 2 * heard.length);
  });
});
