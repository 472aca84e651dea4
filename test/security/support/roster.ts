import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import {
  type AccountKind,
  createKeys,
  decodeJwt,
  formatCreds,
  issueUser,
  parseCreds,
  type RoleOf,
  type UserTags,
} from '@causeway/identity';
import { systemClock, systemRandom } from '@causeway/transport';
import type { TestFabric } from '../../support/fabric.ts';
import { until } from '../../support/until.ts';
import type { Pass } from './knock.ts';
import type { Holder } from './rights.ts';
import { accountAt } from './witness.ts';

/** A holder of a role with his real credentials. */
export interface Member {
  readonly holder: Holder;
  /** The account he belongs to. */
  readonly account: string;
  readonly pass: Pass;
  /** Sites whose servers know that account. */
  readonly knownAt: readonly string[];
  /** Leaf nodes connect with it, clients must not. */
  readonly leaf: boolean;
}

export const sites = ['cloud', 'edge-a', 'edge-b'] as const;
/** The API that makes edge-a a host, so that its gateway has an `any` subject. */
const hosted = 'quotes';

const manifest = {
  kind: 'api',
  service: hosted,
  version: '1.0.0',
  endpoints: { say: { request: {}, reply: {} } },
} as const;

/** Everybody there is in the fabric, in each role, with the credentials that it made for them. */
export async function callTheRoll(fabric: TestFabric): Promise<Member[]> {
  const layout = fabricLayout(fabric.dir);
  const from = async (file: string): Promise<Pass> => parseCreds(await readFile(file, 'utf8'));
  const member = (
    kind: AccountKind,
    role: string,
    account: string,
    knownAt: readonly string[],
    pass: Pass,
    more: Partial<Holder> = {},
  ): Member => ({
    holder: { kind, role, name: decodeJwt(pass.jwt).name, ...tagsOf(pass.jwt), ...more },
    account,
    pass,
    knownAt,
    leaf: role === 'leaf',
  });
  const roll: Member[] = [];

  const quotes = await fabric.connect('edge-a', hosted);
  await quotes.serve(manifest, { say: () => ({}) });
  for (const [site, service] of [
    ['edge-a', hosted],
    ['edge-b', 'desk'],
    ['cloud', 'risk'],
  ] as const) {
    const file = await fabric.identity(site, service);
    roll.push(member('tenant', 'service', 'acme', sites, await from(file)));
  }
  for (const site of sites) {
    const { creds, leafCreds } = layout.site(site);
    const gateway = path.join(creds, 'gateway-acme.creds');
    if (site === 'edge-a') {
      await until('the gateway of edge-a was issued again, as a host', async () =>
        tagsOf((await from(gateway)).jwt).hosts.includes(hosted),
      );
      // What it may host it may host from now on; its instance is not needed any more.
      await quotes.close();
    }
    roll.push(member('tenant', 'gateway', 'acme', sites, await from(gateway)));
    if (site === 'cloud') {
      roll.push(
        member('control', 'gateway', 'CONTROL', ['cloud'], await from(path.join(creds, 'gateway.creds'))),
      );
      continue;
    }
    const own = `site-${site}`;
    roll.push(member('tenant', 'leaf', 'acme', sites, await from(path.join(leafCreds, 'acme.leaf.creds'))));
    roll.push(
      member('control', 'leaf', 'CONTROL', ['cloud'], await from(path.join(leafCreds, 'control.leaf.creds'))),
    );
    for (const role of ['broker', 'gateway', 'auditor']) {
      roll.push(member('site', role, own, [site], await from(path.join(creds, `${role}.creds`))));
    }
    roll.push(
      member('system', 'gateway', `SYS-${site}`, [site], await from(path.join(creds, 'system.creds'))),
    );
  }
  const { registry, admin } = layout;
  roll.push(
    member('system', 'registry', 'SYS-cloud', ['cloud'], await from(path.join(registry, 'system.creds'))),
  );
  roll.push(
    member('control', 'registry', 'CONTROL', ['cloud'], await from(path.join(registry, 'registry.creds'))),
  );
  roll.push(member('ops', 'registry', 'OPS', ['cloud'], await from(path.join(registry, 'ops.creds'))));
  roll.push(member('control', 'fabric-admin', 'CONTROL', ['cloud'], await from(admin)));

  for (const [role, tenant] of [
    ['ops', 'acme'],
    ['ops-all', 'any'],
  ] as const) {
    const keys = createKeys('user', systemRandom);
    const { jwt } = await fabric.admin.console({ key: keys.publicKey, tenant, from: 'beginning' });
    roll.push(member('ops', role, 'OPS', ['cloud'], { jwt, seed: keys.seed }));
  }
  roll.push(
    member('control', 'admin', 'CONTROL', ['cloud'], await issue(fabric, 'admin', 'amy', { tenant: 'acme' })),
  );
  const { jwt } = await issue(fabric, 'enrolling', 'grant-1', {});
  roll.push(member('control', 'enrolling', 'CONTROL', ['cloud'], { jwt }));
  return roll;
}

/** Issues a user of CONTROL with the registry's key for that role. */
export async function issue(
  fabric: TestFabric,
  role: RoleOf<'control'>,
  name: string,
  tags: UserTags,
): Promise<Required<Pass>> {
  const { publicKey } = await accountAt(fabric, 'cloud', 'CONTROL');
  const signer = await readFile(
    path.join(fabricLayout(fabric.dir).registry, 'keys', `CONTROL.${role}.nk`),
    'utf8',
  );
  const keys = createKeys('user', systemRandom);
  const { jwt } = await issueUser({
    account: { kind: 'control', name: 'CONTROL', publicKey },
    role,
    name,
    tags,
    key: keys.publicKey,
    signer: signer.trim(),
    now: systemClock.now(),
  });
  // That it can be put into a file at all is part of what is real about it.
  formatCreds(jwt, keys.seed);
  return { jwt, seed: keys.seed };
}

function tagsOf(jwt: string): { site?: string; tenant?: string; hosts: string[] } {
  const tags = (decodeJwt(jwt).nats.tags as string[] | undefined) ?? [];
  const all = (name: string) =>
    tags.filter((tag) => tag.startsWith(`${name}:`)).map((tag) => tag.slice(name.length + 1));
  const [site] = all('site');
  const [tenant] = all('tenant');
  return {
    ...(site === undefined ? {} : { site }),
    ...(tenant === undefined ? {} : { tenant }),
    hosts: all('hosts'),
  };
}
