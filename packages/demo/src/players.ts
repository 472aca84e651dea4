import { access } from 'node:fs/promises';
import path from 'node:path';
import { type AdminClient, addService, type Fabric, fabricLayout } from '@causeway/fabric';
import type { Clock, Logger, Random } from '@causeway/protocol';
import { type Causeway, connect } from '@causeway/sdk';
import type { CallReport } from './calls.ts';
import { apis, cast, policiesOf, type Role, reachable } from './scenario/cast.ts';
import type { Stage } from './scenario/places.ts';
import { startService } from './services/start-service.ts';
import { untilReached, untilSteady } from './settle.ts';

/** Everybody on the stage: the services run, the callers are connected. */
export interface Players {
  /** The connection of a caller. */
  of(role: Role): Causeway;
  stop(): Promise<void>;
}

/** What it takes to bring them there. */
export interface PlayersOptions {
  readonly fabric: Fabric;
  readonly admin: AdminClient;
  readonly stage: Stage;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Told of each call that a service made on its own account. */
  readonly onCall: (report: CallReport) => void;
  /** Told of a service that ended by itself. */
  readonly onEnded: (service: string, how: string) => void;
}

/** For how long links must have been up after services registered that are new. */
const steadyMs = 2_500;

/**
 * Applies the policies, makes the identities that are not there yet, starts the services and connects the callers.
 * Resolves when every caller reaches what it may call; rejects otherwise, with everything stopped again.
 */
export async function bringPlayers(options: PlayersOptions): Promise<Players> {
  const { fabric, admin, stage, clock, random, logger } = options;
  const layout = fabricLayout(fabric.dir);
  const { ca } = fabric.summary;
  const stops: (() => Promise<unknown>)[] = [];
  const callers = new Map<Role, Causeway>();
  let fresh = false;

  const urlOf = (role: Role) => {
    const name = stage.sites[cast[role]];
    return fabric.summary.sites.find((site) => site.name === name)?.url ?? '';
  };

  /** Credentials of an identity; those of an earlier run where there are any. */
  async function credsOf(role: Role): Promise<string> {
    const site = stage.sites[cast[role]];
    const out = path.join(layout.services, 'demo', `${stage.tenant}.${site}.${role}.creds`);
    if (await exists(out)) return out;
    fresh = true;
    await addService(admin, { tenant: stage.tenant, site, service: role, out }, random);
    return out;
  }

  async function start(name: 'quotes' | 'desk' | 'risk', role: Role, more: Record<string, string> = {}) {
    const service = await startService({
      name,
      env: { CAUSEWAY_URL: urlOf(role), CAUSEWAY_CREDS: await credsOf(role), CAUSEWAY_CA: ca, ...more },
      logFile: path.join(layout.logs, `demo-${name}.log`),
      clock,
      onCall: options.onCall,
      onEnded: (how) => options.onEnded(name, how),
    });
    stops.push(() => service.stop());
  }

  async function connectAs(role: Role) {
    const causeway = await connect({
      url: urlOf(role),
      creds: await credsOf(role),
      ca,
      logger,
      clock,
      random,
    });
    stops.push(() => causeway.close());
    callers.set(role, causeway);
  }

  const stop = async () => {
    await Promise.allSettled(stops.splice(0).map((each) => each()));
  };
  try {
    await admin.apply(policiesOf(stage));
    for (const role of Object.keys(cast) as Role[]) await credsOf(role);
    await settled([
      start('quotes', 'quotes'),
      start('desk', 'positions', { DESK_CREDS: await credsOf('desk') }),
      start('risk', 'risk'),
      ...(['trader', 'ticker', 'desk', 'intern', 'report'] as const).map(connectAs),
    ]);
    await untilSteady(options, fresh ? steadyMs : 0);
    await settled(
      reachable.map(async ({ from, to, endpoints }) => {
        const caller = callers.get(from);
        const [endpoint = ''] = endpoints;
        const site = stage.sites[apis[to]];
        if (caller) await untilReached(options, caller, { service: to, major: 1, endpoint, site });
      }),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    of(role) {
      const caller = callers.get(role);
      if (!caller) throw new Error(`${role} makes no calls in the scenario`);
      return caller;
    },
    stop,
  };
}

/** Waits for all, also where one fails, so that nothing starts after everything was stopped. Rejects with the first. */
async function settled(promises: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
