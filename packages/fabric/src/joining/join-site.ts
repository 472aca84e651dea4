import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  canonicalHost,
  decodeJwt,
  formatCreds,
  type InvitationToken,
  ownMachine,
  parseInvitation,
  writeJwt,
  writeSecret,
} from '@causeway/identity';
import { freePorts, prepareServerFolder } from '@causeway/nats-server';
import { CausewayError, type Enrolled } from '@causeway/protocol';
import { type FoundedAccount, foundUser } from '../founding/accounts.ts';
import { putInPlace } from '../founding/found.ts';
import { leafRemote } from '../founding/site.ts';
import { fabricLayout } from '../layout.ts';
import {
  FabricError,
  readFabric,
  type SitePorts,
  type SiteSettings,
  stateFormat,
  writeFabric,
  writeSite,
} from '../settings.ts';
import { enroll, type JoinPorts } from './enroll.ts';
import { forgetJoining, keysOfJoining, type SiteKeys } from './joining-keys.ts';
import { type PinnedHub, pinAuthority } from './pin-authority.ts';

/** How a site joins. */
export interface JoinOptions {
  /** The folder that is to be the site's: empty, or not there. */
  readonly dir: string;
  /** The invitation, one line. */
  readonly token: string;
  /** Where clients reach the site's server; where absent this machine, if the hub is here, else the site's name. */
  readonly host?: string | undefined;
  /** Address that the server listens on; where absent loopback, if the hub is here, else all. */
  readonly listen?: string | undefined;
  /** `fixed`: 4222 and 8222; `free`: what the system says is free. Where absent free, if the hub is here, else fixed. */
  readonly ports?: 'fixed' | 'free' | undefined;
  /** How long the server's certificates are good, in days. */
  readonly certificateDays?: number | undefined;
}

/** What joining came to. */
export interface JoinedSite {
  readonly dir: string;
  readonly site: string;
  readonly tenants: readonly string[];
  readonly host: string;
  readonly ports: SitePorts;
  readonly gateway: string;
  /** How much this machine's clock is ahead of the hub's, in ms. */
  readonly clockAheadMs: number;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/**
 * Joins a fabric by an invitation: makes all keys here, has the public halves signed, and puts the site's folder in
 * place, whole or not at all. Cut short, it goes on with the same keys when it is done again with the same invitation.
 * Throws a FabricError, or the registry's refusal.
 */
export async function joinSite(options: JoinOptions, ports: JoinPorts): Promise<JoinedSite> {
  const { dir } = options;
  const parsed = parseInvitation(options.token);
  if (parsed.fault) throw new FabricError(`the invitation ${parsed.fault.problem}`);
  const token = parsed.value;
  const grant = decodeJwt(token.jwt).name;
  const { root } = fabricLayout(dir);
  await requireRoom(root, grant);
  let joined: JoinedSite | undefined;
  await putInPlace(dir, async (scratch) => {
    const place = await placeOf(options, token);
    const { keys, isNew } = await keysOfJoining(root, grant, token.tenants, ports.random);
    /** Whether the keys were ever shown to the registry, which then may hold them for the site's. */
    let shown = !isNew;
    const onAsk = () => {
      shown = true;
    };
    try {
      ports.onProgress('looking for the hub');
      const hub = await pinAuthority(token.hub, token.ca, { clock: ports.clock, sha256 });
      ports.onProgress('asking to be signed in');
      const { certificateDays } = options;
      const enrolled = await enroll(
        { token, grant, hub, keys, hosts: place.hosts, certificateDays, onAsk },
        ports,
      );
      requireFitting(enrolled, token, keys, hub);
      ports.onProgress('making the folder of the site');
      joined = await makeFolder(scratch, { options, place, token, grant, keys, hub, enrolled }, ports);
    } catch (error) {
      // What was refused for good will not be asked for with these keys again.
      const isFinal = error instanceof CausewayError && (error.code === 'DENIED' || error.code === 'REVOKED');
      if (isFinal || !shown) await forgetJoining(root);
      throw error;
    }
  });
  await forgetJoining(root);
  return { ...(joined as unknown as JoinedSite), dir: root };
}

/** Throws a FabricError where the folder is not free; before anything is asked for, as an invitation is good but once. */
async function requireRoom(root: string, grant: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  if (names.length === 0) return;
  const { joined, sites } = (await readFabric(root).catch(() => undefined)) ?? {};
  if (joined?.grant === grant) {
    // It had its folder in place, and was killed before it could say so.
    await forgetJoining(root);
    throw new FabricError(
      `${root} is the folder of site ${sites?.[0]} already, which joined by this invitation; start it with causeway up --dir ${root}`,
    );
  }
  const what = sites ? ': it holds a fabric already' : ' and holds no fabric';
  throw new FabricError(`${root} is not empty${what}; name another folder with --dir`);
}

interface Place {
  readonly host: string;
  readonly listen: string;
  readonly ports: SitePorts;
  /** Hosts of the certificate. */
  readonly hosts: readonly string[];
}

async function placeOf(options: JoinOptions, { hub, site, hosts }: InvitationToken): Promise<Place> {
  const isHere = hub.every((url) => ownMachine.includes(new URL(url).hostname.replace(/^\[|\]$/g, '')));
  const own = hosts.find((each) => each !== site && !ownMachine.includes(each)) ?? site;
  const host = canonicalHost(options.host ?? (isHere ? '127.0.0.1' : own));
  if (!hosts.includes(host)) {
    throw new FabricError(
      `the invitation lets site ${site} have the hosts ${hosts.join(', ')}, not ${host}; for that one have another made ` +
        `with causeway site invite ${site} --host ${host}`,
    );
  }
  const listen = options.listen ?? (isHere ? '127.0.0.1' : '0.0.0.0');
  const free = (options.ports ?? (isHere ? 'free' : 'fixed')) === 'free';
  const [client = 4222, monitor = 8222] = free ? await freePorts(2, listen) : [];
  return { host, listen, ports: { client, monitor }, hosts: [...new Set([host, ...hosts])] };
}

/** Throws a FabricError where the papers are not for these keys, or not of this authority. */
function requireFitting(enrolled: Enrolled, token: InvitationToken, keys: SiteKeys, hub: PinnedHub): void {
  const { site, tenants } = token;
  const wanted: [string | undefined, string][] = [
    [enrolled.accounts[`site-${site}`], keys.account.publicKey],
    [enrolled.accounts[`SYS-${site}`], keys.system.publicKey],
    [enrolled.users.leaf, keys.leaf.publicKey],
    ...tenants.flatMap((tenant): [string | undefined, string][] => [
      [enrolled.users.tenants[tenant]?.gateway, keys.tenants[tenant]?.gateway.publicKey ?? ''],
      [enrolled.users.tenants[tenant]?.leaf, keys.tenants[tenant]?.leaf.publicKey ?? ''],
    ]),
  ];
  const fits = wanted.every(([jwt, key]) => jwt !== undefined && decodeJwt(jwt).subject === key);
  const chain = enrolled.certificate
    .split(/(?<=-----END CERTIFICATE-----)\s+/)
    .filter((each) => each.includes('BEGIN'));
  const certificates = [...chain, hub.ca].map((each) => new X509Certificate(each));
  const isSigned = certificates.every((each, index) =>
    each.verify((certificates[index + 1] ?? each).publicKey),
  );
  const isOurs = certificates[0]?.checkPrivateKey(createPrivateKey(keys.server)) === true;
  if (enrolled.site !== site || !fits || !isSigned || !isOurs) {
    throw new FabricError(
      'the registry’s answer does not fit the keys that were made here; nothing was put in place',
    );
  }
}

async function makeFolder(
  scratch: string,
  around: {
    options: JoinOptions;
    place: Place;
    token: InvitationToken;
    grant: string;
    keys: SiteKeys;
    hub: PinnedHub;
    enrolled: Enrolled;
  },
  ports: JoinPorts,
): Promise<JoinedSite> {
  const { options, place, token, grant, keys, hub, enrolled } = around;
  const { site, tenants } = token;
  const { gateway } = enrolled;
  const all = fabricLayout(scratch);
  const layout = all.site(site);
  // By the hub's clock, whatever the one here says.
  const clock = { ...ports.clock, now: () => enrolled.time };
  const own = <K extends 'site' | 'system'>(kind: K, name: string): FoundedAccount<K> => {
    const { publicKey, signers } = kind === 'site' ? keys.account : keys.system;
    return { kind, name, publicKey, signers, jwt: enrolled.accounts[name] as string };
  };
  const account = own('site', `site-${site}`);
  const system = own('system', `SYS-${site}`);
  const founding = { clock, random: ports.random };
  const tags = { site };

  await mkdir(layout.folder, { recursive: true, mode: 0o700 });
  const save = (file: string, user: { jwt: string; seed: string }) =>
    writeSecret(path.join(layout.creds, file), formatCreds(user.jwt, user.seed));
  const gatewayUser = await foundUser(account, 'gateway', gateway, tags, founding, keys.gateway);
  await save('gateway.creds', gatewayUser);
  await save('broker.creds', await foundUser(account, 'broker', 'broker', tags, founding));
  await save('auditor.creds', await foundUser(account, 'auditor', 'auditor', tags, founding));
  await save('system.creds', await foundUser(system, 'gateway', gateway, tags, founding));
  const leafs: Record<string, string> = {
    'control.leaf.creds': formatCreds(enrolled.users.leaf, keys.leaf.seed),
  };
  for (const tenant of tenants) {
    const users = enrolled.users.tenants[tenant] as { gateway: string; leaf: string };
    const mine = keys.tenants[tenant] as SiteKeys['tenants'][string];
    await save(`gateway-${tenant}.creds`, { jwt: users.gateway, seed: mine.gateway.seed });
    leafs[`${tenant}.leaf.creds`] = formatCreds(users.leaf, mine.leaf.seed);
  }
  for (const each of [account, system]) {
    for (const [role, signer] of Object.entries(each.signers)) {
      await writeSecret(path.join(layout.keys, `${each.name}.${role}.nk`), signer.seed);
    }
  }
  const publicKeyOf = (name: string) => decodeJwt(enrolled.accounts[name] as string).subject;
  await prepareServerFolder({
    ...{ kind: 'edge', folder: layout.nats, operatorJwt: enrolled.operator },
    accounts: Object.fromEntries(
      Object.values(enrolled.accounts).map((jwt) => [decodeJwt(jwt).subject, jwt]),
    ),
    tls: { certificate: enrolled.certificate, key: keys.server, ca: hub.ca },
    credentials: leafs,
    remotes: [
      leafRemote(enrolled.hub, account.publicKey, 'control'),
      ...tenants.map((tenant) => leafRemote(enrolled.hub, publicKeyOf(tenant), tenant)),
    ],
  });
  const { host, listen } = place;
  const settings: SiteSettings = {
    ...{ format: stateFormat, site, cloud: false, host, listen, ports: place.ports },
    cluster: `${site}-${Buffer.from(ports.random.bytes(16)).toString('hex')}`,
    ...{ systemAccount: system.publicKey, tenants, gateway },
    ...(options.certificateDays === undefined ? {} : { certificateDays: options.certificateDays }),
  };
  await writeSite(layout.folder, settings);
  await writeJwt(all.ca, hub.ca);
  await writeFabric(scratch, {
    format: stateFormat,
    sites: [site],
    tenants,
    joined: { hub: token.hub, grant },
  });
  const clockAheadMs = Math.round(ports.clock.now() - enrolled.time);
  return { dir: scratch, site, tenants, host, ports: place.ports, gateway, clockAheadMs };
}
