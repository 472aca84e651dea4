import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { decodeJwt, parseCreds } from '@causeway/identity';
import { Algorithms, type ClaimsData, encode, encodeUser } from '@nats-io/jwt';
import { createAccount, createUser, fromSeed, type KeyPair } from 'nkeys.js';
import type { TestFabric } from '../../support/fabric.ts';
import type { Pass } from './knock.ts';
import { type RawClient, rawClient } from './raw-client.ts';

/** An account as a server has it. */
export interface ServerAccount {
  readonly name: string;
  readonly publicKey: string;
  readonly jwt: string;
}

type AccountBody = { signing_keys?: (string | { role: string; template: Template })[] } & Record<
  string,
  unknown
>;
type Template = { pub: { allow: string[] }; sub: { allow: string[] } } & Record<string, unknown>;

/** The accounts that a site's server knows, from its resolver. */
async function accountsAt(fabric: TestFabric, site: string): Promise<ServerAccount[]> {
  const folder = path.join(fabricLayout(fabric.dir).site(site).nats, 'resolver');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.jwt'));
  return Promise.all(
    files.map(async (file) => {
      const jwt = await readFile(path.join(folder, file), 'utf8');
      const { name, subject } = decodeJwt(jwt.trim());
      return { name, publicKey: subject, jwt: jwt.trim() };
    }),
  );
}

/** The account of that name at a site's server. */
export async function accountAt(fabric: TestFabric, site: string, name: string): Promise<ServerAccount> {
  const found = (await accountsAt(fabric, site)).find((account) => account.name === name);
  if (!found) throw new Error(`the server of ${site} knows no account ${name}`);
  return found;
}

/** Signs an account's claims again with the operator's key, changed by `change` and otherwise the same. */
export async function signAgain(
  fabric: TestFabric,
  account: ServerAccount,
  change: (body: AccountBody) => void,
): Promise<string> {
  const seed = await readFile(path.join(fabricLayout(fabric.dir).registry, 'operator-signing.nk'), 'utf8');
  const claims = JSON.parse(Buffer.from(account.jwt.split('.')[1] as string, 'base64url').toString()) as {
    nats: AccountBody;
  };
  change(claims.nats);
  return encode(Algorithms.v2, claims as unknown as ClaimsData<unknown>, fromSeed(Buffer.from(seed.trim())));
}

/** Puts claims in force at a site's server, with the credentials that its gateway or the registry has there. */
export async function pushClaims(fabric: TestFabric, site: string, jwt: string): Promise<void> {
  const layout = fabricLayout(fabric.dir);
  const file =
    site === 'cloud'
      ? path.join(layout.registry, 'system.creds')
      : path.join(layout.site(site).creds, 'system.creds');
  const { connection, close } = await rawClient(fabric.url(site), await readFile(fabric.ca, 'utf8'), {
    ...parseCreds(await readFile(file, 'utf8')),
  });
  const answer = Promise.withResolvers<string>();
  connection.subscribe('_INBOX.sys.claims', { callback: (_, message) => answer.resolve(message.string()) });
  connection.publish('$SYS.REQ.CLAIMS.UPDATE', jwt, { reply: '_INBOX.sys.claims' });
  const { error } = JSON.parse(await answer.promise) as { error?: { description: string } };
  await close();
  if (error) throw new Error(`the server of ${site} refused claims: ${error.description}`);
}

/** Users who may do everything in an account: what they do not hear was not said. */
export interface Witnesses {
  /** A witness in an account at a site's server. Closed with the others. */
  at(site: string, account: string): Promise<RawClient>;
  close(): Promise<void>;
}

/**
 * Gives each account, at each server that knows it, a further signing key without a scope, whose users may do
 * anything. System accounts have such keys already. Everything else in the claims stays as it is.
 */
export async function admitWitnesses(fabric: TestFabric, sites: readonly string[]): Promise<Witnesses> {
  const ca = await readFile(fabric.ca, 'utf8');
  const signers = new Map<string, { key: KeyPair; publicKey: string }>();
  const open: RawClient[] = [];
  for (const site of sites) {
    for (const account of await accountsAt(fabric, site)) {
      if (account.name.startsWith('SYS-')) {
        const file = `${account.name}.${site === 'cloud' ? 'registry' : 'gateway'}.nk`;
        const seed = await readFile(path.join(fabricLayout(fabric.dir).site(site).keys, file), 'utf8');
        signers.set(account.name, { key: fromSeed(Buffer.from(seed.trim())), publicKey: account.publicKey });
        continue;
      }
      const signer = signers.get(account.name) ?? { key: createAccount(), publicKey: account.publicKey };
      signers.set(account.name, signer);
      const jwt = await signAgain(fabric, account, (body) => {
        body.signing_keys = [...(body.signing_keys ?? []), signer.key.getPublicKey()];
      });
      await pushClaims(fabric, site, jwt);
    }
  }

  async function pass(account: string): Promise<Pass> {
    const signer = signers.get(account);
    if (!signer) throw new Error(`no witness was admitted to account ${account}`);
    const user = createUser();
    const everything = { pub: { allow: ['>'] }, sub: { allow: ['>'] }, subs: -1, data: -1, payload: -1 };
    const jwt = await encodeUser('witness', user, signer.publicKey, everything, { signer: signer.key });
    return { jwt, seed: new TextDecoder().decode(user.getSeed()) };
  }

  return {
    async at(site, account) {
      const client = await rawClient(fabric.url(site), ca, await pass(account));
      open.push(client);
      return client;
    },
    async close() {
      await Promise.all(open.map((client) => client.close()));
    },
  };
}

/** Changes the template of a role in an account's claims. */
export function widen(body: AccountBody, role: string, change: (template: Template) => void): void {
  for (const key of body.signing_keys ?? []) {
    if (typeof key !== 'string' && key.role === role) change(key.template);
  }
}
