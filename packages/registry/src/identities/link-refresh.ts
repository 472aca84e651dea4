import { type Clock, compiledKeys, type Logger } from '@causeway/protocol';
import type { Compiler } from '../compile/compiler.ts';
import type { DocumentStore } from '../documents/store.ts';
import type { Hub } from '../hub/hub.ts';

/** Lets a site's leaf links come back with re-issued credentials, once the site has put them in place. */
export interface LinkRefresh {
  /** Does it soon; asked several times before it is done, once is enough. */
  refresh(site: string): void;
}

const retryMs = 2_000;

/**
 * Creates the refresh. What is asked is stateless: a link is cut where it came with other credentials than its user's last,
 * so a receipt that comes twice, or to a registry that was started anew, does no harm.
 */
export function createLinkRefresh(options: {
  hub: Hub;
  store: DocumentStore;
  compiler: Compiler;
  accountKey: (name: string) => string;
  clock: Clock;
  logger: Logger;
}): LinkRefresh {
  const { hub, store, compiler, accountKey, clock, logger } = options;
  const due = new Set<string>();
  let running = false;

  async function refreshOne(site: string): Promise<void> {
    const document = store.get(`site.any.${site}`);
    if (document?.kind !== 'site') return;
    for (const [tenant, keys] of Object.entries(document.tenants)) {
      const user = compiler.tables.get(site)?.get(compiledKeys.user(tenant, 'leaf')) as
        | { jwt: string }
        | undefined;
      if (!user || keys.leaf === undefined) continue;
      await hub.cut(accountKey(tenant), keys.leaf, user.jwt);
    }
  }

  async function run(): Promise<void> {
    running = true;
    for (const site of due) {
      // Taken out before it is done: what comes meanwhile comes on top.
      due.delete(site);
      try {
        await refreshOne(site);
      } catch (err) {
        logger.warn({ err, site }, 'links of the site not refreshed; trying again');
        clock.after(retryMs, () => refresh(site));
      }
    }
    running = false;
  }

  function refresh(site: string): void {
    due.add(site);
    if (!running) void run();
  }

  return { refresh };
}
