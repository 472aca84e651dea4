import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { joinSite } from '@causeway/fabric';
import {
  createKeys,
  decodeJwt,
  formatInvitation,
  type InvitationToken,
  parseInvitation,
} from '@causeway/identity';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { rawClient } from './support/raw-client.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silent, onProgress: () => {} };

/** What may be published and heard by whom is in the escape matrix; this is what the registry makes of what is. */
describe('enrolling', { timeout: 120_000 }, () => {
  let fabric: TestFabric;
  let ca: string;
  beforeAll(async () => {
    fabric = await startTestFabric({ edges: [] });
    ca = await readFile(fabric.ca, 'utf8');
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  async function invited(
    site: string,
    expires = 900_000,
  ): Promise<InvitationToken & { grant: string; token: string }> {
    const { token } = await fabric.admin.invite({ site, expires });
    const { value } = parseInvitation(token);
    if (!value) throw new Error('no invitation');
    return { ...value, token, grant: decodeJwt(value.jwt).name };
  }
  const thief = ({ jwt }: InvitationToken) => rawClient(fabric.url('cloud'), ca, { jwt });

  it('enrolling - who has the JWT and not the secret is refused, whatever he sends, in words that tell nothing', async () => {
    const invitation = await invited('edge-a');
    const raw = await thief(invitation);
    const inbox = `_INBOX.enroll.${invitation.grant}`;
    const answers: string[] = [];
    raw.connection.subscribe(`${inbox}.>`, {
      callback: (_, message) => void answers.push(message.string()),
    });
    for (const body of ['', '{}', 'x', '[]', '{"keys":{}}', '['.repeat(10_000)]) {
      raw.connection.publish(`enroll.${invitation.grant}`, body, { reply: `${inbox}.${answers.length}a` });
    }
    await until('all are refused', () => answers.length === 6);
    for (const answer of answers) expect(JSON.parse(answer)).toMatchObject({ code: 'INVALID_REQUEST' });
    // With everything but the secret, as the command line itself would ask.
    const guess = formatInvitation({ ...invitation, secret: createKeys('user', systemRandom).seed });
    const dir = path.join(await temporaryFolder(), 'edge-a');
    await expect(joinSite({ dir, token: guess }, ports)).rejects.toMatchObject({
      ...{ code: 'DENIED', reason: expect.stringContaining('this invitation is not good') },
    });
    expect((await fabric.admin.get('sites')).items.map(({ name }) => name)).toEqual(['cloud']);
    expect((await fabric.admin.get('invitations', 'edge-a')).items).toMatchObject([{ state: 'open' }]);
    await raw.close();
  });

  it('enrolling - an answer goes to the sender’s own inbox, or nowhere', async () => {
    const invitation = await invited('edge-b');
    const raw = await thief(invitation);
    const witness: string[] = [];
    const inbox = `_INBOX.enroll.${invitation.grant}`;
    raw.connection.subscribe(`${inbox}.>`, { callback: (_, { subject }) => void witness.push(subject) });
    const { subject } = { subject: `enroll.${invitation.grant}` };
    for (const reply of [
      '_INBOX.enroll.other.t',
      '_INBOX.cloud.registry.t',
      '_INBOX.admin.any.root.c.t',
      'admin.any.root.revoke-site',
      `${inbox}.a.b`,
      `${inbox}`,
    ]) {
      raw.connection.publish(subject, '{}', { reply });
    }
    raw.connection.publish(subject, '{}');
    raw.connection.publish(subject, '{}', { reply: `${inbox}.last` });
    await until('the last is answered', () => witness.includes(`${inbox}.last`));
    expect(witness).toEqual([`${inbox}.last`]);
    await raw.close();
  });

  it('enrolling - who listens with the JWT while the site joins reads no claims, key or address', async () => {
    const invitation = await invited('edge-c');
    const raw = await thief(invitation);
    const heard: string[] = [];
    raw.connection.subscribe(`_INBOX.enroll.${invitation.grant}.>`, {
      callback: (_, message) => void heard.push(message.string()),
    });
    await raw.settle();
    const dir = path.join(await temporaryFolder(), 'edge-c');
    await joinSite({ dir, token: invitation.token }, ports);
    await until('the answer has passed by', () => heard.length > 0);
    for (const text of heard) {
      expect(Object.keys(JSON.parse(text) as object).sort()).toEqual(['data', 'iv', 'key']);
      expect(text).not.toMatch(/eyJ|tls:|BEGIN|127\.0\.0\.1|edge-c|acme/);
    }
    await raw.close();
  });

  it('enrolling - tries are few a second, and the site itself still gets in', async () => {
    const invitation = await invited('edge-d');
    const raw = await thief(invitation);
    const codes: Record<string, number> = {};
    const inbox = `_INBOX.enroll.${invitation.grant}`;
    raw.connection.subscribe(`${inbox}.>`, {
      callback: (_, message) => {
        const { code, retryAfter } = message.json<{ code: string; retryAfter?: number }>();
        codes[code] = (codes[code] ?? 0) + 1;
        if (code === 'OVERLOADED') expect(retryAfter).toBeGreaterThan(0);
      },
    });
    const answered = () => Object.values(codes).reduce((sum, count) => sum + count, 0);
    for (let n = 0; n < 500; n += 1) {
      raw.connection.publish(`enroll.${invitation.grant}`, '{}', { reply: `${inbox}.t${n}` });
    }
    await until('all are answered', () => answered() === 500, { timeout: 30_000 });
    // 10 at once, and 2 a second for as long as it took.
    expect(codes.INVALID_REQUEST).toBeLessThan(100);
    expect(codes.OVERLOADED).toBeGreaterThan(400);
    await raw.close();
    const dir = path.join(await temporaryFolder(), 'edge-d');
    expect(await joinSite({ dir, token: invitation.token }, ports)).toMatchObject({ site: 'edge-d' });
  });

  it('enrolling - the JWT ends with the invitation: its bearer is cut, and does not come back', async () => {
    const invitation = await invited('edge-e', 3_000);
    const raw = await thief(invitation);
    await until('the server has closed the connection', () => raw.connection.isClosed(), { timeout: 15_000 });
    // The server counts in whole seconds: in the one of the end it would admit it, and cut it again.
    await until('nobody gets in with it', () =>
      thief(invitation).then(
        (again) => again.close().then(() => false),
        () => true,
      ),
    );
  });
});
