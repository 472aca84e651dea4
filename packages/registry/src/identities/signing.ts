import { accountNames, publicKeyOf, type SigningKeys, signingKeysOf } from '@causeway/identity';
import { didYouMean } from '@causeway/policy';
import {
  CausewayError,
  documentKeys,
  type Logger,
  type RevocationReceipt,
  type RotateSigningReply,
  type RotateSigningRequest,
  type Service,
} from '@causeway/protocol';
import type { AnyDocument, DocumentStore } from '../documents/store.ts';
import { defaultWaitMs, type IdentityReceipts } from './receipts.ts';
import type { Signers } from './signers.ts';
import type { Voiding } from './voiding.ts';

/**
 * Replaces the keys that sign the users of an account, in steps of which each can be done again: first all sites know the new
 * keys beside the old (`told`), then users are signed by them (`used`); gateways and links take theirs up by themselves,
 * services are given theirs by `rotate service`; then those before are void (`finished`).
 */
export interface Signing {
  rotate(request: RotateSigningRequest): Promise<Omit<RotateSigningReply, 'revision'>>;
}

const ofTenants = ['service', 'gateway', 'leaf'];
/** Those of CONTROL that the registry issues again by itself. */
const ofControl = ['gateway', 'leaf'];

/** Creates it. `compile` brings the documents into force. */
export function createSigning(options: {
  store: DocumentStore;
  signers: Signers;
  voiding: Voiding;
  receipts: IdentityReceipts;
  /** CONTROL's claims as founded. */
  controlJwt: string | undefined;
  compile: () => Promise<void>;
  logger: Logger;
}): Signing {
  const { store, signers, voiding, receipts, controlJwt, compile, logger } = options;

  function standing(account: string) {
    const control = account === accountNames.control;
    const document = store.get(control ? documentKeys.control : documentKeys.account(account));
    if (document?.kind === 'account') return { jwt: document.jwt, roles: ofTenants, document };
    const jwt = document?.kind === 'control' ? document.jwt : controlJwt;
    if (control && jwt !== undefined) return { jwt, roles: ofControl, document: undefined };
    const names = [...store.accounts.map(({ name }) => name), accountNames.control];
    throw new CausewayError(
      'INVALID_REQUEST',
      `there is no account ${account}${didYouMean(account, names)}`,
      {
        pointer: '/account',
      },
    );
  }

  const sitesOf = (account: string) =>
    store.all.sites.filter(
      (site) => !site.revoked && (account === accountNames.control || Object.hasOwn(site.tenants, account)),
    );

  const inUse = (account: string, role: string) => publicKeyOf(signers.signer(account, role));

  /** Writes the account's claims with these signing keys, and who signs from now on. */
  async function write(account: string, signing: SigningKeys, used?: Record<string, string>): Promise<void> {
    const { document } = standing(account);
    const next: AnyDocument = document
      ? await voiding.tenant(document, [], signing)
      : await voiding.control([], signing);
    await store.put([used === undefined ? next : ({ ...next, signers: used } as AnyDocument)]);
    await voiding.inForce();
  }

  /** Services with a key that one of before signed for. */
  function behind(account: string): string[] {
    if (account === accountNames.control) return [];
    const current = signers.replaced(account, 'service');
    const isBehind = ({ keys, signers: of = {} }: Service) =>
      current !== undefined && keys.some((key) => of[key] !== current);
    return store.all.services
      .filter((service) => service.tenant === account && isBehind(service))
      .map(({ tenant, site, name }) => `${tenant}/${site}/${name}`)
      .sort();
  }

  async function begin(account: string, wait: number): Promise<Omit<RotateSigningReply, 'revision'>> {
    const { jwt, roles } = standing(account);
    const known = signingKeysOf(jwt);
    const pair = async (role: string) => {
      const current = inUse(account, role);
      // One that was put into use before, and whose rotation is not finished.
      const pending = (known[role] ?? []).length > 1 && known[role]?.at(-1) === current;
      return pending ? [] : [[role, current, await signers.next(account, role)] as const];
    };
    const due = (await Promise.all(roles.map(pair))).flat();
    if (due.length > 0) {
      const signing = Object.fromEntries(due.map(([role, current, next]) => [role, [current, next]]));
      const all = { ...onlyOf(known, roles), ...signing };
      if (JSON.stringify(onlyOf(known, roles)) !== JSON.stringify(all)) await write(account, all);
      const sites = await receipts.collect(sitesOf(account), wait, tenantOf(account));
      if (sites.some(({ inForce }) => !inForce)) return { state: 'told', sites, services: [] };
      const used = Object.fromEntries(due.map(([role, , next]) => [role, next]));
      await write(account, all, { ...usedOf(account, roles), ...used });
      logger.info({ account }, 'users are signed by new keys');
    }
    await signers.settle(account, roles);
    await compile();
    const sites = await receipts.collect(sitesOf(account), wait, tenantOf(account));
    return { state: 'used', sites, services: behind(account) };
  }

  const usedOf = (account: string, roles: readonly string[]): Record<string, string> =>
    Object.fromEntries(
      roles.flatMap((role) => {
        const key = signers.replaced(account, role);
        return key === undefined ? [] : [[role, key]];
      }),
    );

  async function finish(
    account: string,
    wait: number,
    force: boolean,
  ): Promise<Omit<RotateSigningReply, 'revision'>> {
    const { jwt, roles } = standing(account);
    const known = signingKeysOf(jwt);
    const current = Object.fromEntries(roles.map((role) => [role, [inUse(account, role)]]));
    // What is known to no site yet is not in use: there is nothing to finish, and the next key stays the next.
    if (roles.some((role) => (known[role] ?? []).at(-1) !== current[role]?.[0])) {
      throw new CausewayError(
        'INVALID_REQUEST',
        `the new keys of ${account} are not in use yet; causeway rotate signing ${account} first`,
        { pointer: '/finish' },
      );
    }
    const services = behind(account);
    let sites: RevocationReceipt[] = await receipts.collect(sitesOf(account), wait, tenantOf(account));
    if (!force) requireAll(account, services, sites);
    if (roles.some((role) => (known[role] ?? []).length > 1))
      await write(account, current, usedOf(account, roles));
    logger.info({ account }, 'signing keys of before are void');
    sites = await receipts.collect(sitesOf(account), wait, tenantOf(account));
    return { state: 'finished', sites, services: [] };
  }

  return {
    rotate: ({ account, finish: toFinish = false, force = false, wait = defaultWaitMs }) =>
      voiding.inTurn(() => (toFinish ? finish(account, wait, force) : begin(account, wait))),
  };
}

const tenantOf = (account: string) => (account === accountNames.control ? undefined : account);

const onlyOf = (keys: SigningKeys, roles: readonly string[]): SigningKeys =>
  Object.fromEntries(roles.map((role) => [role, keys[role] ?? []]));

function requireAll(account: string, services: readonly string[], sites: readonly RevocationReceipt[]): void {
  const away = sites.filter(({ inForce }) => !inForce).map(({ site }) => site);
  if (services.length === 0 && away.length === 0) return;
  const some = services.slice(0, 5).join(', ');
  const more = services.length > 5 ? ` and ${services.length - 5} more` : '';
  const why = [
    ...(away.length > 0 ? [`${away.join(', ')} did not say that it has its new users`] : []),
    ...(services.length > 0 ? [`${some}${more} have credentials of before (causeway rotate service)`] : []),
  ];
  throw new CausewayError(
    'CONFLICT',
    `keys of ${account} cannot be void yet: ${why.join('; ')}; or use --force`,
  );
}
