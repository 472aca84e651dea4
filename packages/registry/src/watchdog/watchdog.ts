import type { AccountDocument, Clock, Logger, Site } from '@causeway/protocol';
import type { Compiler } from '../compile/compiler.ts';
import type { DocumentStore } from '../documents/store.ts';
import type { Hub, LinkInterest } from '../hub/hub.ts';
import { controlName } from '../identities/control-name.ts';
import { findCrowds } from './crowds.ts';
import { createExpectedInterest, isWellFormedRoute, type LinkOwner } from './expected-interest.ts';
import { createOffences } from './offences.ts';

/** Watches what links listen for, and how many connections each user has (ADR 15). */
export interface Watchdog {
  /** The tables of a site changed. */
  changed(site: string): void;
  stop(): Promise<void>;
}

/** A link or user that was cut for good, as it is told to whoever keeps records of such acts. */
export interface CutOff extends LinkOwner {
  readonly reason: string;
}

/** A link that was seen doing what it may not. */
interface Guilty {
  readonly link: LinkInterest;
  readonly owner: LinkOwner;
  readonly kind: 'interest' | 'links';
  readonly reason: string;
}

/** How often the watchdog looks, where nobody says otherwise. */
export const defaultWatchdogMs = 5_000;

/** Links of one site in one account: one, and one that comes back while the server still holds the dead one. */
const mostLinks = 2;
/** A change may be under way in one look; an honest site has done with it by the next. */
const looksBeforeCut = 2;
/** More links than a site may have must last so long: the server notices a dead one after some 15 s. */
const crowdMs = 20_000;
/** Accounts whose connections are counted at a time. */
const accountsAtOnce = 32;
/** Subjects named in a log line or a reason. */
const mostNamed = 3;
/** A site that has not caught up with a registry that just started may still have what an earlier one took from it. */
const startGraceMs = 60_000;

/**
 * Starts the looks. `settled` says whether a site has all that concerns it; `cutOff` keeps a site's link out for good.
 * One look asks the hub's servers once for all links: its cost grows with the links and their interest alone.
 */
export function startWatchdog(options: {
  hub: Hub;
  store: DocumentStore;
  compiler: Pick<Compiler, 'tables' | 'siteRevision'>;
  accountKey: (name: string) => string;
  settled: (site: string) => boolean;
  cutOff: (link: CutOff) => Promise<void>;
  /** Told after each look. */
  looked?: () => void;
  intervalMs: number;
  clock: Clock;
  logger: Logger;
}): Watchdog {
  const { hub, store, compiler, accountKey, settled, cutOff, intervalMs, clock, logger } = options;
  const expected = createExpectedInterest({ tables: () => compiler.tables });
  const offences = createOffences(clock);
  const started = clock.monotonic();
  const everSettled = new Set<string>();
  /** Users of links, by server and connection: they do not change while it lasts. */
  let users = new Map<string, string>();
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  let failing = false;

  const nameOf = (link: Pick<LinkInterest, 'server' | 'cid'>) => `${link.server} ${link.cid}`;

  /** Owners by account and key: what a link calls itself says nothing. */
  function ownersByKey(): Map<string, LinkOwner> {
    const found = new Map<string, LinkOwner>();
    for (const site of store.all.sites) {
      if (site.leaf !== undefined) found.set(site.leaf, { site: site.name, tenant: undefined });
      for (const [tenant, keys] of Object.entries(site.tenants)) {
        if (keys.leaf !== undefined) found.set(keys.leaf, { site: site.name, tenant });
      }
      // Links by keys that are being replaced are the site's until it has said that it is done.
      for (const [name, key] of Object.entries(site.replaced?.leaf ?? {})) {
        found.set(key, { site: site.name, tenant: name === controlName ? undefined : name });
      }
    }
    return found;
  }

  async function userOf(link: LinkInterest): Promise<string | undefined> {
    return users.get(nameOf(link)) ?? (await hub.userOf(link));
  }

  /** Subjects that this site may not listen for. */
  function foreign(owner: LinkOwner, subjects: readonly string[], isSettled: boolean): string[] {
    const lenient = !isSettled && !everSettled.has(owner.site) && clock.monotonic() - started < startGraceMs;
    return subjects.filter((subject) => {
      const judgement = expected.judge(owner, subject);
      if (judgement === 'foreign') return !(lenient && isWellFormedRoute(owner.site, subject));
      return false;
    });
  }

  async function look(): Promise<void> {
    const sites = store.all.sites.map(({ name }) => name);
    const stateOf = (site: string) => (settled(site) ? compiler.siteRevision(site) : undefined);
    const before = new Map(sites.map((site) => [site, stateOf(site)]));
    const links = await hub.interest();
    const owners = ownersByKey();
    const known = new Map<string, string>();
    const groups = new Map<string, { owner: LinkOwner; links: LinkInterest[] }>();
    const guilty: Guilty[] = [];
    for (const link of links) {
      const user = await userOf(link);
      if (user === undefined) continue;
      known.set(nameOf(link), user);
      const owner = owners.get(user);
      if (!owner) continue;
      const group = groups.get(user) ?? { owner, links: [] };
      groups.set(user, group);
      group.links.push(link);
      const state = before.get(owner.site);
      const isSettled = state !== undefined && state === stateOf(owner.site);
      const found = foreign(owner, link.subjects, isSettled);
      if (found.length === 0) continue;
      guilty.push({
        link,
        owner,
        kind: 'interest',
        reason: `listens for ${named(found)}, which it may not host`,
      });
    }
    users = known;
    // The oldest stay: whoever is the last to come is one too many.
    for (const { owner, links: ofKey } of groups.values()) {
      const excess = [...ofKey].sort((a, b) => a.cid - b.cid).slice(mostLinks);
      for (const link of excess) {
        guilty.push({
          link,
          owner,
          kind: 'links',
          reason: `has ${ofKey.length} links; ${mostLinks} are taken`,
        });
      }
    }
    await punish(guilty);
    await lookAtUsers();
    offences.looked();
    for (const [site, state] of before) {
      if (state === undefined || state !== stateOf(site)) continue;
      everSettled.add(site);
      expected.settled(site);
    }
  }

  /** Once in a look each owner: that it had several such links at a time makes it no worse. */
  async function punish(guilty: readonly Guilty[]): Promise<void> {
    const owners = new Map<string, LinkOwner & { reason: string }>();
    for (const { link, owner, kind, reason } of guilty) {
      const { looks, forMs } = offences.seen(`${kind} of ${ownerName(owner)}`);
      // A link that comes back may for a time stand beside those that died.
      if (looks < looksBeforeCut || (kind === 'links' && forMs < crowdMs)) continue;
      logger.warn({ ...owner, cid: link.cid, reason }, 'a link of a site was cut by the watchdog');
      await hub.kick(link);
      owners.set(ownerName(owner), { ...owner, reason });
    }
    for (const [name, owner] of owners) {
      if (!offences.cut(name)) continue;
      await cutOff(owner);
      logger.error({ ...owner }, 'the watchdog keeps a link of a site out for good');
    }
  }

  /** Clients: of accounts that are half full the users are counted, and what one has too many is cut. */
  async function lookAtUsers(): Promise<void> {
    const accounts = store.accounts;
    for (let start = 0; start < accounts.length; start += accountsAtOnce) {
      await Promise.all(accounts.slice(start, start + accountsAtOnce).map(lookAtAccount));
    }
  }

  async function lookAtAccount({ name: tenant, jwt }: AccountDocument): Promise<void> {
    for (const { user, count, most, excess } of await findCrowds({ hub, account: accountKey(tenant), jwt })) {
      for (const connection of excess) {
        if (offences.seen(nameOf(connection)).looks < looksBeforeCut) continue;
        logger.warn(
          { tenant, user, connections: count, most },
          'a user has too many connections; the watchdog cut one of them',
        );
        await hub.kick(connection);
      }
    }
  }

  const stopLooks = clock.every(intervalMs, () => {
    if (busy) return;
    busy = true;
    running = look()
      .then(
        () => {
          failing = false;
        },
        (err: unknown) => {
          if (!failing) logger.warn({ err }, 'the watchdog could not look; trying again');
          failing = true;
        },
      )
      .finally(() => {
        busy = false;
        options.looked?.();
      });
  });

  return {
    changed: expected.changed,
    async stop() {
      stopLooks();
      await running;
    },
  };
}

const ownerName = ({ site, tenant = '' }: LinkOwner) => `${site} ${tenant}`;

function named(subjects: readonly string[]): string {
  const shown = subjects.slice(0, mostNamed).map((subject) => subject.slice(0, 100));
  const more = subjects.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

/** The document of a site of which a link is kept out, with the reason; undefined where that is not its link. */
export function markedCutOff(site: Site, { tenant, reason }: CutOff): Site | undefined {
  const why = reason.slice(0, 500);
  if (tenant === undefined) return { ...site, cutOff: why };
  const keys = site.tenants[tenant];
  return keys && { ...site, tenants: { ...site.tenants, [tenant]: { ...keys, cutOff: why } } };
}
