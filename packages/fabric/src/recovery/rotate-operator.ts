import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  createKeys,
  decodeJwt,
  hubSite,
  issueOperator,
  type Keys,
  publicKeyOf,
  readSecret,
  renewAccount,
  writeJwt,
  writeSecret,
} from '@causeway/identity';
import type { Bootstrap } from '@causeway/registry';
import { fabricLayout } from '../layout.ts';
import { readFabric, readHub } from '../settings.ts';
import { type RecoveryPorts, whileDown } from './hub-access.ts';
import { readClaims, resolverFiles, trustedIssuers } from './resolvers.ts';
import { nextFolder, nextSigningFile } from './rotation.ts';

/** What new operator keys came to. */
export interface OperatorRotated {
  /** Public key of the new operator. */
  readonly operator: string;
  /** Accounts whose claims were signed anew. */
  readonly accounts: number;
  /** By site: files and folders that must be brought to where its server runs, if that is elsewhere. */
  readonly redistribute: Readonly<Record<string, readonly string[]>>;
  /** Sites whose folder is not here: they must be made again (`causeway site restore`). */
  readonly missing: readonly string[];
}

/** The keys of the new operator: those of an earlier try, where that was cut short. */
async function nextKeys(
  dir: string,
  random: RecoveryPorts['random'],
): Promise<{ operator: Keys; signing: Keys; later: Keys }> {
  const keysIn = async (name: string): Promise<Keys> => {
    const file = path.join(nextFolder(dir), name);
    if (await stat(file).catch(() => undefined)) {
      const seed = (await readSecret(file)).trim();
      return { seed, publicKey: publicKeyOf(seed) };
    }
    const keys = createKeys('operator', random);
    await writeSecret(file, keys.seed);
    return keys;
  };
  return {
    operator: await keysIn('operator.nk'),
    signing: await keysIn('operator-signing.nk'),
    later: await keysIn('next-signing.nk'),
  };
}

/**
 * Replaces the operator's identity and signing keys, lost or not, and signs the claims of every account anew; accounts
 * and users keep their keys. The fabric must be down. Cut short, it goes on where it was.
 */
export async function rotateOperator(
  options: { dir: string },
  ports: RecoveryPorts,
): Promise<OperatorRotated> {
  const { dir } = options;
  const { clock, random, onProgress } = ports;
  const layout = fabricLayout(dir);
  const { sites, joined } = await readFabric(dir);
  // A site that joined has none of these keys; this says so.
  if (joined) await readHub(dir);
  return whileDown(dir, ports, async () => {
    onProgress('signing all accounts anew');
    const { operator, signing, later } = await nextKeys(dir, random);
    const issuer = signing.publicKey;
    const { jwt: operatorJwt } = await issueOperator({
      ...{ name: 'causeway', keys: operator, signingKeys: [issuer, later.publicKey], now: clock.now() },
    });

    // Of an earlier try that was cut short, some bear the new signature already.
    const claims = await readClaims(dir, new Set([...(await trustedIssuers(dir)), issuer]));
    // The same new claims for all sites that have the account: another site's may lack a revocation.
    const anew = new Map<string, string>();
    const signed = async (account: string, site: string): Promise<string | undefined> => {
      const standing = claims.of(account, site);
      if (standing === undefined) return undefined;
      const { jwt, revocations } = standing;
      const done = anew.get(jwt);
      if (done !== undefined) return done;
      const isDone = decodeJwt(jwt).issuer === issuer;
      const next = isDone
        ? jwt
        : (await renewAccount(jwt, { revocations, now: clock.now() }, signing.seed)).jwt;
      anew.set(jwt, next);
      return next;
    };
    const files = await resolverFiles(dir);
    for (const { file, account, site } of files) {
      const jwt = await signed(account, site);
      // Claims that the operator never signed were no good before either.
      if (jwt === undefined) await rm(file);
      else await writeSecret(file, jwt);
    }
    const here = [...new Set(files.map(({ site }) => site))];
    for (const site of here)
      await writeSecret(path.join(layout.site(site).nats, 'operator.jwt'), operatorJwt);

    const bootstrapFile = path.join(layout.registry, 'bootstrap.json');
    const bootstrap = JSON.parse(await readFile(bootstrapFile, 'utf8')) as Bootstrap;
    const accounts: Bootstrap['accounts'][number][] = [];
    for (const account of bootstrap.accounts) {
      accounts.push({ ...account, jwt: (await signed(account.publicKey, hubSite)) ?? account.jwt });
    }
    const controlJwt = (await signed(bootstrap.control, hubSite)) ?? bootstrap.controlJwt;
    await writeJwt(bootstrapFile, `${JSON.stringify({ ...bootstrap, accounts, controlJwt }, null, 2)}\n`);
    await writeSecret(path.join(layout.registry, 'operator-signing.nk'), signing.seed);
    await writeJwt(path.join(layout.operator, 'operator.jwt'), operatorJwt);
    await writeSecret(path.join(layout.operator, 'operator.nk'), operator.seed);
    await writeJwt(path.join(layout.registry, 'operator.jwt'), operatorJwt);
    await writeSecret(nextSigningFile(dir), later.seed);
    for (const name of ['last-signing.nk', 'later-signing.nk'])
      await rm(path.join(layout.operator, name), { force: true });
    await rm(nextFolder(dir), { recursive: true });

    return {
      operator: operator.publicKey,
      accounts: anew.size,
      redistribute: Object.fromEntries(
        here.map((site) => [
          site,
          ['operator.jwt', 'resolver'].map((name) => path.join('sites', site, 'nats', name)),
        ]),
      ),
      missing: sites.filter((site) => !here.includes(site)),
    };
  });
}
