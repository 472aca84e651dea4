import { decodeJwt, type Revocations, renewAccount } from '@causeway/identity';
import type { AccountDocument, Clock, Service, Site } from '@causeway/protocol';
import type { AnyDocument } from '@causeway/registry';
import { allRevocations, type ClaimsHere, revocationsOf } from '../recovery/resolvers.ts';

type ControlDocument = Extract<AnyDocument, { kind: 'control' }>;

/** Documents of a backup without what was revoked since, as far as the servers of the fabric know of it. */
export interface StillValid {
  readonly documents: AnyDocument[];
  /** Sites and services (`acme/edge-a/desk`) whose keys the backup held for valid. */
  readonly revoked: readonly string[];
}

/**
 * Takes out of a backup's documents what was revoked since. The claims alone would not do: for a site and a service that
 * the documents hold for valid, users would be issued anew, later than the revocation, and be valid.
 */
export async function withoutRevoked(options: {
  documents: readonly AnyDocument[];
  claims: ClaimsHere;
  /** Public key of CONTROL. */
  control: string;
  /** Seed of the operator's signing key. */
  operator: string;
  clock: Pick<Clock, 'now'>;
}): Promise<StillValid> {
  const { documents, claims, control, operator, clock } = options;
  const before = new Map<string, Revocations>();
  const now = new Map<string, Revocations>();
  const backedUp = documents.find((each): each is ControlDocument => each.kind === 'control');
  const accounts = documents.filter((each): each is AccountDocument => each.kind === 'account');
  for (const { name, publicKey, jwt } of [
    ...accounts,
    { ...backedUp, name: 'CONTROL', publicKey: control },
  ]) {
    const then = jwt === undefined ? {} : revocationsOf(jwt);
    before.set(name, then);
    now.set(name, allRevocations(then, claims.of(publicKey, 'cloud')?.revocations));
  }
  const isVoid = (account: string, key: string | undefined): boolean =>
    key !== undefined && (now.get(account)?.[key] ?? -1) > (before.get(account)?.[key] ?? -1);
  const isCutOff = ({ leaf, tenants }: Site): boolean =>
    isVoid('CONTROL', leaf) ||
    Object.entries(tenants).some(
      ([tenant, keys]) => isVoid(tenant, keys.leaf) || isVoid(tenant, keys.gateway),
    );

  const revoked: string[] = [];
  const changed = documents.map((document): AnyDocument => {
    if (document.kind === 'site' && !document.revoked && isCutOff(document)) {
      revoked.push(document.name);
      // Where CONTROL's claims went with the hub, a tenant's know of it.
      if (document.leaf !== undefined) {
        now.set('CONTROL', allRevocations(now.get('CONTROL'), { [document.leaf]: seconds(clock) }));
      }
      return { ...document, revoked: true };
    }
    return document.kind === 'service' ? withoutVoidKeys(document) : document;
  });

  function withoutVoidKeys(service: Service): Service {
    const keys = service.keys.filter((key) => !isVoid(service.tenant, key));
    if (keys.length === service.keys.length) return service;
    revoked.push(`${service.tenant}/${service.site}/${service.name}`);
    return { ...service, keys };
  }

  /** The latest claims with every revocation in them. */
  async function claimsOf(
    name: string,
    publicKey: string,
    backed: string | undefined,
  ): Promise<string | undefined> {
    const here = claims.of(publicKey, 'cloud')?.jwt;
    const isNewer =
      here !== undefined && (backed === undefined || decodeJwt(here).iat > decodeJwt(backed).iat);
    const base = isNewer ? here : backed;
    if (base === undefined) return undefined;
    const revocations = now.get(name) ?? {};
    const known = revocationsOf(base);
    if (Object.entries(revocations).every(([key, time]) => known[key] === time)) return base;
    return (await renewAccount(base, { revocations, now: clock.now() }, operator)).jwt;
  }

  const current: AnyDocument[] = [];
  for (const document of changed) {
    if (document.kind === 'control') continue;
    if (document.kind !== 'account') current.push(document);
    else {
      const { name, publicKey, jwt } = document;
      current.push({ ...document, jwt: (await claimsOf(name, publicKey, jwt)) ?? jwt });
    }
  }
  const jwt = await claimsOf('CONTROL', control, backedUp?.jwt);
  if (jwt !== undefined) current.push({ kind: 'control', publicKey: control, jwt });
  return { documents: current, revoked };
}

const seconds = (clock: Pick<Clock, 'now'>) => Math.floor(clock.now() / 1_000);
