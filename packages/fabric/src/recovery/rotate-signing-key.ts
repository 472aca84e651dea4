import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  createKeys,
  decodeJwt,
  issueOperator,
  type Keys,
  publicKeyOf,
  readSecret,
  writeJwt,
  writeSecret,
} from '@causeway/identity';
import { connectAdmin } from '../admin/client.ts';
import { fabricLayout } from '../layout.ts';
import { FabricError, readFabric, readHub, readSite } from '../settings.ts';
import { whileChanging } from '../up/changing.ts';
import { lockHolder } from '../up/lock.ts';
import { restartPart } from '../up/restart-part.ts';
import type { RecoveryPorts } from './hub-access.ts';
import { resolverFiles } from './resolvers.ts';
import { nextSigningFile, requireNoRotation } from './rotation.ts';
import { trustedSigningKeys } from './trusted-keys.ts';

/** What a new signing key of the operator came to. */
export interface SigningKeyRotated {
  /** Public key that signs accounts now. */
  readonly signingKey: string;
  /** The one before. */
  readonly before: string;
  /** Sites here whose servers trust the one before until they are started again. */
  readonly restart: readonly string[];
  /** By site that has no folder here: files to be brought there, for the next start of its server. */
  readonly redistribute: Readonly<Record<string, readonly string[]>>;
}

const patienceMs = 60_000;
const pollMs = 200;

const keysIn = async (file: string): Promise<Keys | undefined> => {
  if (!(await stat(file).catch(() => undefined))) return undefined;
  const seed = (await readSecret(file)).trim();
  return { seed, publicKey: publicKeyOf(seed) };
};

/**
 * Has another key of the operator sign accounts, while the fabric is up: the one that all servers trust already. The
 * registry is started again with it and signs the claims of every account anew, and one more key is made, to come after
 * it. No server is started again, and no connection is cut. Cut short, it goes on where it was when it is done again.
 */
export async function rotateSigningKey(
  options: { dir: string },
  ports: Omit<RecoveryPorts, 'findServer'>,
): Promise<SigningKeyRotated> {
  const { dir } = options;
  const layout = fabricLayout(dir);
  await readHub(dir);
  await requireNoRotation(dir);
  return whileChanging(layout, async () => {
    if ((await lockHolder(layout.lock)) === undefined) {
      throw new FabricError(
        `the fabric in ${layout.root} is not up here, and its registry has to sign the accounts anew; start it with causeway up, ` +
          'or replace all keys of the operator while it is down: causeway operator rotate',
      );
    }
    return rotate(dir, ports);
  });
}

async function rotate(dir: string, ports: Omit<RecoveryPorts, 'findServer'>): Promise<SigningKeyRotated> {
  const { clock, random, onProgress } = ports;
  const layout = fabricLayout(dir);
  const registryFile = path.join(layout.registry, 'operator-signing.nk');
  const lastFile = path.join(layout.operator, 'last-signing.nk');
  const laterFile = path.join(layout.operator, 'later-signing.nk');
  const identity = await keysIn(path.join(layout.operator, 'operator.nk'));
  const next = await keysIn(nextSigningFile(dir));
  if (!identity || !next) {
    const missing = identity ? nextSigningFile(dir) : path.join(layout.operator, 'operator.nk');
    throw new FabricError(
      `${missing} is not there: bring back the folder operator/ for this. A fabric that was founded without it has its keys ` +
        'replaced while it is down: causeway operator rotate',
    );
  }
  await requireTrust(dir, next.publicKey);
  await requireKnownAccounts(dir, ports);
  const here = await sitesHere(dir);
  const publish = async (keys: readonly string[]) => {
    const { jwt } = await issueOperator({
      ...{ name: 'causeway', keys: identity, signingKeys: [...new Set(keys)], now: clock.now() },
    });
    for (const site of here) await writeSecret(path.join(layout.site(site).nats, 'operator.jwt'), jwt);
    await writeJwt(path.join(layout.registry, 'operator.jwt'), jwt);
    await writeJwt(path.join(layout.operator, 'operator.jwt'), jwt);
  };

  onProgress('making the key that comes after');
  const later = (await keysIn(laterFile)) ?? createKeys('operator', random);
  await writeSecret(laterFile, later.seed);
  // Of a try that was cut short: the registry may have the new one already.
  const last = (await keysIn(lastFile)) ?? ((await keysIn(registryFile)) as Keys);
  await writeSecret(lastFile, last.seed);
  // A server that starts in the middle trusts all three.
  await publish([last.publicKey, next.publicKey, later.publicKey]);

  onProgress('having the registry sign all accounts anew');
  await writeSecret(registryFile, next.seed);
  await restartPart(dir, 'registry', clock);
  await untilSignedBy(dir, next.publicKey, ports);

  onProgress('taking the key before out of the operator’s claims');
  await publish([next.publicKey, later.publicKey]);
  // In this order: done again from in between, it finds nothing that it would take for the key in use.
  await rm(lastFile);
  await rename(laterFile, nextSigningFile(dir));
  const elsewhere = (await knownSites(dir, ports)).filter((site) => !here.includes(site));
  return {
    ...{ signingKey: next.publicKey, before: last.publicKey, restart: here },
    redistribute: Object.fromEntries(elsewhere.map((site) => [site, ['registry/operator.jwt']])),
  };
}

/** Sites whose folder is here. */
async function sitesHere(dir: string): Promise<string[]> {
  const { sites } = await readFabric(dir);
  const found = await Promise.all(
    sites.map((site) =>
      readSite(dir, site).then(
        () => [site],
        () => [],
      ),
    ),
  );
  return found.flat();
}

/** Throws a FabricError where a server here would not take claims that this key signs. */
async function requireTrust(dir: string, key: string): Promise<void> {
  const wary: string[] = [];
  for (const site of await sitesHere(dir)) {
    const trusted = await trustedSigningKeys(await readSite(dir, site));
    if (!trusted.includes(key)) wary.push(site);
  }
  if (wary.length === 0) return;
  throw new FabricError(
    `the servers of ${wary.join(', ')} do not trust the next key yet: they take it up when they are started again ` +
      '(causeway down, then up); do that, and give this command again',
  );
}

async function knownSites(dir: string, ports: Omit<RecoveryPorts, 'findServer'>): Promise<string[]> {
  const admin = await connectAdmin(dir, ports);
  try {
    const { items } = await admin.get('sites');
    return items.filter(({ revoked }) => revoked !== true).map(({ name }) => String(name));
  } finally {
    await admin.close();
  }
}

/** Throws a FabricError where the registry could not sign all accounts of a site: an earlier Causeway kept none of them. */
async function requireKnownAccounts(dir: string, ports: Omit<RecoveryPorts, 'findServer'>): Promise<void> {
  const admin = await connectAdmin(dir, ports);
  try {
    const { items } = await admin.get('sites');
    const unknown = items.filter(({ ownAccounts, revoked }) => ownAccounts === undefined && revoked !== true);
    if (unknown.length === 0) return;
    throw new FabricError(
      `the documents do not know the own accounts of ${unknown.map(({ name }) => name).join(', ')}, which an earlier Causeway ` +
        'founded; replace the operator’s keys while the fabric is down: causeway operator rotate',
    );
  } finally {
    await admin.close();
  }
}

/** Resolves when every account of the sites here is signed by this key, and all gateways have what they must know. */
async function untilSignedBy(
  dir: string,
  key: string,
  ports: Omit<RecoveryPorts, 'findServer'>,
): Promise<void> {
  const { clock } = ports;
  const end = clock.monotonic() + patienceMs;
  for (;;) {
    const missing = [...(await foreignAccounts(dir, key)), ...(await lateGateways(dir, ports))];
    if (missing.length === 0) return;
    if (clock.monotonic() > end) {
      throw new FabricError(
        `not all claims that the new key signed are in force: ${missing.join('; ')}. The key before stays trusted; when they ` +
          'are back, give this command again',
      );
    }
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
}

async function foreignAccounts(dir: string, key: string): Promise<string[]> {
  const files = await resolverFiles(dir);
  const issuer = (jwt: string) => {
    try {
      return decodeJwt(jwt).issuer;
    } catch {
      // It is being written.
      return '';
    }
  };
  return files
    .filter(({ jwt }) => issuer(jwt) !== key)
    .map(({ site, account }) => `account ${account} at ${site}`);
}

async function lateGateways(dir: string, ports: Omit<RecoveryPorts, 'findServer'>): Promise<string[]> {
  const admin = await connectAdmin(dir, ports);
  try {
    const status = await admin.status().catch(() => undefined);
    if (!status) return ['the registry does not answer'];
    return status.sites
      .filter(({ revoked }) => !revoked)
      .flatMap(({ name, wanted, gateways }) =>
        gateways
          .filter(({ alive, revision }) => !alive || (revision ?? 0) < wanted)
          .map((gateway) => `gateway ${name}/${gateway.name}`),
      );
  } finally {
    await admin.close();
  }
}
