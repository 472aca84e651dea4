import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';
import type { Msg } from 'nats';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createClaimsPusher } from './claims.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const account = `A${'A'.repeat(55)}`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-claims-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function jwtOf(iat: number, text = ''): string {
  return `e.${Buffer.from(JSON.stringify({ iat, text })).toString('base64url')}.s`;
}

/** A server that takes claims, after it has refused so many of them. */
function standInServer(refusals = 0) {
  const taken: string[] = [];
  let left = refusals;
  return {
    taken,
    async request(_subject: string, payload: unknown) {
      if (left-- > 0) return { json: () => ({ error: { description: 'not now' } }) } as unknown as Msg;
      taken.push(String(payload));
      return { json: () => ({}) } as unknown as Msg;
    },
  };
}

/** A gateway's pusher, as after a start. */
function open(server: ReturnType<typeof standInServer>) {
  const file = join(folder, 'claims.json');
  return createClaimsPusher({ connection: server as never, file, clock: systemClock, logger: silent });
}

it('claims - newer ones are pushed, older ones and others of the same second are not', async () => {
  const server = standInServer();
  const pusher = await open(server);
  pusher.push(account, jwtOf(5));
  await vi.waitFor(() => expect(server.taken).toEqual([jwtOf(5)]));
  for (const jwt of [jwtOf(4), jwtOf(5, 'other'), jwtOf(5)]) pusher.push(account, jwt);
  pusher.push(account, jwtOf(6));
  await vi.waitFor(() => expect(server.taken).toEqual([jwtOf(5), jwtOf(6)]));
});

it('claims - an old one is not pushed after a restart either; the newest may be, again', async () => {
  const before = standInServer();
  const first = await open(before);
  first.push(account, jwtOf(7));
  await vi.waitFor(() => expect(before.taken).toHaveLength(1));
  first.close();
  const server = standInServer();
  const second = await open(server);
  second.push(account, jwtOf(6));
  second.push(account, jwtOf(7, 'other'));
  // A server that lost its own folder gets back what it had.
  second.push(account, jwtOf(7));
  await vi.waitFor(() => expect(server.taken).toEqual([jwtOf(7)]));
  second.push(account, jwtOf(8));
  await vi.waitFor(() => expect(server.taken).toEqual([jwtOf(7), jwtOf(8)]));
});

it('claims - what the server refuses is remembered and tried again; a newer one takes its place', async () => {
  const server = standInServer(1);
  const pusher = await open(server);
  pusher.push(account, jwtOf(7));
  pusher.push(account, jwtOf(8));
  await vi.waitFor(() => expect(server.taken).toEqual([jwtOf(8)]));
  const kept = JSON.parse(await readFile(join(folder, 'claims.json'), 'utf8')) as Record<string, unknown>;
  expect(kept[account]).toMatchObject({ iat: 8 });
});

it('claims - a damaged file stops the start, and is named', async () => {
  await writeFile(join(folder, 'claims.json'), '{');
  await expect(open(standInServer())).rejects.toThrow(/claims\.json is not JSON/);
});

it("claims - one tenant's are settled whatever becomes of another's", async () => {
  const named = (name: string) =>
    `e.${Buffer.from(JSON.stringify({ iat: 5, name })).toString('base64url')}.s`;
  let refused = true;
  const pusher = await createClaimsPusher({
    connection: {
      async request(_subject: string, payload: unknown) {
        const error = refused && payload === named('acme') ? { error: { description: 'not now' } } : {};
        return { json: () => error } as unknown as Msg;
      },
    } as never,
    file: join(folder, 'claims.json'),
    clock: systemClock,
    logger: silent,
  });
  pusher.push(account, named('acme'));
  pusher.push(`A${'B'.repeat(55)}`, named('other'));
  let all = false;
  const everything = pusher.settled().then(() => {
    all = true;
  });
  await pusher.settled('other');
  expect(all).toBe(false);
  refused = false;
  await pusher.settled('acme');
  await everything;
  pusher.close();
});
