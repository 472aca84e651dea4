import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  accountLimits,
  createKeys,
  decodeJwt,
  issueAccount,
  publicKeyOf,
  reissueAccount,
} from '@causeway/identity';
import { systemClock, systemRandom } from '@causeway/transport';
import { expect, it } from 'vitest';
import { silent } from '../../../../test/support/silent-logger.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { foundFabric } from '../founding/found.ts';
import { fabricLayout } from '../layout.ts';
import { resolverFiles } from './resolvers.ts';
import { rotateOperator } from './rotate-operator.ts';
import { requireNoRotation } from './rotation.ts';

const ports = {
  ...{ clock: systemClock, random: systemRandom, logger: silent, onProgress: () => {} },
  findServer: () => Promise.reject(new Error('no server is needed for this')),
};

async function founded(): Promise<string> {
  const dir = path.join(await temporaryFolder(), 'fabric');
  const site = { host: '127.0.0.1', listen: '127.0.0.1', alsoKnownAs: [] };
  const sites = [
    { ...site, name: 'cloud', cloud: true, ports: { client: 1, monitor: 2, leaf: 3 } },
    { ...site, name: 'edge-a', cloud: false, ports: { client: 4, monitor: 5 } },
  ];
  await foundFabric(dir, { sites, tenants: ['acme'] }, ports);
  return dir;
}

const read = (...parts: string[]) => readFile(path.join(...parts), 'utf8');

it('operator - new keys sign everything anew, once, also where an earlier try was cut short', async () => {
  const dir = await founded();
  const layout = fabricLayout(dir);
  const before = await resolverFiles(dir);
  const bootstrap = path.join(layout.registry, 'bootstrap.json');
  await rename(bootstrap, `${bootstrap}.away`);
  await expect(rotateOperator({ dir }, ports)).rejects.toThrow('bootstrap.json');
  await expect(requireNoRotation(dir)).rejects.toThrow('finish it with causeway operator rotate');
  const begun = await resolverFiles(dir);
  await rename(`${bootstrap}.away`, bootstrap);
  const { operator, accounts } = await rotateOperator({ dir }, ports);
  await requireNoRotation(dir);
  expect(await resolverFiles(dir)).toEqual(begun);

  const signing = publicKeyOf((await read(layout.registry, 'operator-signing.nk')).trim());
  const next = publicKeyOf((await read(layout.operator, 'next-signing.nk')).trim());
  expect(publicKeyOf((await read(layout.operator, 'operator.nk')).trim())).toBe(operator);
  for (const folder of [
    layout.operator,
    layout.registry,
    layout.site('cloud').nats,
    layout.site('edge-a').nats,
  ]) {
    const { subject, nats } = decodeJwt(await read(folder, 'operator.jwt'));
    expect([subject, nats.signing_keys]).toEqual([operator, [signing, next]]);
  }
  expect(accounts).toBe(new Set(before.map(({ account }) => account)).size);
  for (const [index, { account, jwt }] of begun.entries()) {
    const claims = decodeJwt(jwt);
    const old = decodeJwt(before[index]?.jwt as string);
    expect([claims.subject, claims.issuer, claims.nats]).toEqual([account, signing, old.nats]);
    expect(claims.iat).toBeGreaterThan(old.iat);
  }
  expect(await read(bootstrap)).toContain(begun.find(({ jwt }) => decodeJwt(jwt).name === 'acme')?.jwt);
});

it('operator - claims that a stolen key signed for a taken-over site do not outlive it; its revocations do', async () => {
  const dir = await founded();
  const layout = fabricLayout(dir);
  const stolen = (await read(layout.registry, 'operator-signing.nk')).trim();
  const { account = '', jwt = '' } =
    (await resolverFiles(dir)).find((each) => decodeJwt(each.jwt).name === 'acme') ?? {};
  const accounts = (await resolverFiles(dir)).filter(({ site }) => site === 'edge-a');
  const [user, thief] = [createKeys('user', systemRandom), createKeys('account', systemRandom)];
  // Later than all others, and with a key of the thief's to sign users with.
  const later = systemClock.now() + 86_400_000;
  const { iat, nats } = decodeJwt(jwt);
  const forged = await issueAccount(
    {
      ...{ kind: 'tenant', name: 'acme', publicKey: account, limits: accountLimits('tenant', { sites: 2 }) },
      ...{ signingKeys: { service: thief.publicKey }, revocations: { [user.publicKey]: iat }, now: later },
    },
    stolen,
  );
  const atEdge = path.join(layout.site('edge-a').nats, 'resolver');
  await writeFile(path.join(atEdge, `${account}.jwt`), forged.jwt);
  // Nor does what is no JWT at all keep the fabric from being rescued.
  await writeFile(path.join(atEdge, `${createKeys('account', systemRandom).publicKey}.jwt`), 'no JWT');
  await rotateOperator({ dir }, ports);
  const files = await resolverFiles(dir);
  expect(files.filter(({ site }) => site === 'edge-a')).toHaveLength(accounts.length);
  const signed = files.filter((each) => each.account === account).map((each) => decodeJwt(each.jwt).nats);
  expect(signed).toHaveLength(2);
  for (const { signing_keys: keys, revocations } of signed) {
    expect(keys).toEqual(nats.signing_keys);
    expect(revocations).toEqual({ [user.publicKey]: iat });
  }
});

it('operator - claims that a site signed for itself are not signed by the fabric', async () => {
  const dir = await founded();
  const tenant = (await resolverFiles(dir)).find(({ jwt }) => decodeJwt(jwt).name === 'acme');
  const foreign = createKeys('operator', systemRandom);
  const later = { now: systemClock.now() + 86_400_000 };
  const forged = await reissueAccount(tenant?.jwt as string, later, foreign.seed);
  const account = `${tenant?.account}.jwt`;
  const [atEdge, atHub] = ['edge-a', 'cloud'].map((site) =>
    path.join(fabricLayout(dir).site(site).nats, 'resolver', account),
  ) as [string, string];
  await writeFile(atEdge, forged.jwt);
  await rotateOperator({ dir }, ports);
  const [edge, hub] = await Promise.all([read(atEdge), read(atHub)]);
  expect(edge).toBe(hub);
  expect(decodeJwt(hub).iat).toBeLessThan(forged.iat);
  expect((await stat(atHub)).mode & 0o777).toBe(0o600);
});
