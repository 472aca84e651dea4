import { isName, parseCompiledKey, type ServedApi, subjects } from '@causeway/protocol';

/** Whose link it is: a tenant's of a site, or the site's own in CONTROL. */
export interface LinkOwner {
  readonly site: string;
  /** Undefined for the site's own. */
  readonly tenant: string | undefined;
}

/**
 * What a subject is in a link's interest: `expected` of an honest site as its tables are; `past` where it was expected
 * until a change that the site may not have heard of; `foreign` where no honest site listens for it.
 */
export type Judgement = 'expected' | 'past' | 'foreign';

/** What each site may listen for at the hub. */
export interface ExpectedInterest {
  /** The tables of a site changed: what was expected before is past. */
  changed(site: string): void;
  /** The site has all that concerns it: what is past is not to be expected any more. */
  settled(site: string): void;
  judge(owner: LinkOwner, subject: string): Judgement;
}

/**
 * Detection of loops, and the replies that servers of clusters and services between accounts route by: the server
 * itself listens for them.
 */
const machinery = /^(\$LDS\.[^.]+|_R_\.(.+)|_GR_\.(.+)|\$GR\.(.+))$/;

/**
 * In CONTROL a site hears what its gateway is answered, and what is asked of its own JetStream: its server subscribes to
 * whole branches of that domain's requests, of which the permissions of the link let four through (ADR 0008).
 */
function isOwnLinks(site: string, subject: string): boolean {
  return subject.startsWith(`_INBOX.${site}.gateway.`) || subject.startsWith(`$JS.${site}.API.`);
}

/**
 * Calls that are addressed to the site by its name: whoever listens for them there takes them from nobody else. So a
 * measurement beside the gateway, or a gateway that was just told, is no offence.
 */
function isAddressedTo(site: string, subject: string): boolean {
  const [kind, , , toSite] = subject.split('.');
  return kind === 'call' && toSite === site;
}

/** Creates it; `tables` are what was compiled last. What they hold now is known from here on. */
export function createExpectedInterest(options: {
  tables: () => ReadonlyMap<string, ReadonlyMap<string, unknown>>;
}): ExpectedInterest {
  const { tables } = options;
  const now = new Map<string, Set<string>>();
  const past = new Map<string, Set<string>>();

  /** `<tenant> <subject>` of every route that a site's table gives it. */
  function routesOf(site: string): Set<string> {
    const found = new Set<string>();
    for (const [key, value] of tables().get(site) ?? []) {
      const parsed = parseCompiledKey(key);
      if (parsed?.kind !== 'serve') continue;
      const { tenant, service, major } = parsed;
      for (const fromSite of Object.keys((value as ServedApi).routes)) {
        for (const toSite of [site, 'any']) {
          found.add(`${tenant} ${subjects.call.pattern({ fromSite, toSite, service, major })}`);
        }
      }
    }
    return found;
  }

  function current(site: string): Set<string> {
    const known = now.get(site) ?? routesOf(site);
    now.set(site, known);
    return known;
  }

  for (const site of tables().keys()) current(site);

  return {
    changed(site) {
      const before = past.get(site) ?? new Set<string>();
      for (const route of current(site)) before.add(route);
      past.set(site, before);
      now.set(site, routesOf(site));
    },
    settled(site) {
      past.delete(site);
    },
    judge({ site, tenant }, subject) {
      if (machinery.test(subject)) return 'expected';
      if (tenant === undefined) return isOwnLinks(site, subject) ? 'expected' : 'foreign';
      const [kind = '', inboxSite = ''] = subject.split('.', 2);
      if (kind === '_INBOX') return inboxSite === site ? 'expected' : 'foreign';
      if (isAddressedTo(site, subject)) return 'expected';
      const route = `${tenant} ${subject}`;
      if (current(site).has(route)) return 'expected';
      if (past.get(site)?.has(route)) return 'past';
      return 'foreign';
    },
  };
}

/** True for a subject that is made as a gateway's routes are, whatever they name. */
export function isWellFormedRoute(site: string, subject: string): boolean {
  const [kind, fromSite = '', from, toSite, service = '', major = '', endpoint, ...rest] = subject.split('.');
  return (
    kind === 'call' &&
    isName(fromSite) &&
    from === '*' &&
    (toSite === site || toSite === 'any') &&
    isName(service) &&
    /^v(0|[1-9]\d{0,3})$/.test(major) &&
    endpoint === '*' &&
    rest.length === 0
  );
}
