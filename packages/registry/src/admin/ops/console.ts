import { hubSite, isPublicKey } from '@causeway/identity';
import { streamNames } from '@causeway/nats-server';
import { CausewayError, type Clock, type ConsoleReply, documentKeys, type Random } from '@causeway/protocol';
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { registrySigner } from '../../acts/chains.ts';
import type { DocumentStore } from '../../documents/store.ts';
import type { UserIssuer } from '../../identities/user-issuer.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** A console's credentials last this long, in ms; its consumers go some minutes after their last use. */
const consoleLifetimeMs = 12 * 60 * 60 * 1000;
const unusedNanos = 5 * 60 * 1e9;
/** How often the server says on an idle inbox that its consumer is still there, in ms. */
const heartbeatMs = 5_000;
/** Consoles of one tenant, or of the fabric. */
const mostConsoles = 32;
const retryAfterMs = 5_000;
const durablePrefix = 'ops-';
const streams = [streamNames.audit, streamNames.flow];

/**
 * console: an ops user of its own for each console, with its consumers on AUDIT and FLOW. A tenant, and the fabric,
 * have 32 at a time: for one more the oldest goes that nobody listens to, and where there is none it is refused with
 * OVERLOADED.
 */
export function consoleOperation(options: {
  store: DocumentStore;
  users: UserIssuer;
  manager: JetStreamManager;
  /** Last block of each chain of acts. */
  acts: () => ReadonlyMap<string, number>;
  clock: Clock;
  random: Random;
}) {
  const { store, users, manager, acts, clock, random } = options;
  /** Names of the consoles that are being made, by tenant. */
  const underWay = new Map<string, Set<string>>();

  /** A tenant's consoles, by name: since when, and whether anybody listens. */
  async function consolesOf(tenant: string): Promise<Map<string, { made: number; heard: boolean }>> {
    const found = new Map<string, { made: number; heard: boolean }>();
    for (const stream of streams) {
      for await (const { name, config, created, push_bound: heard } of manager.consumers.list(stream)) {
        if (!config.deliver_subject?.startsWith(`_INBOX.ops.${tenant}.`)) continue;
        const console = name.slice(durablePrefix.length);
        const made = Date.parse(created);
        const other = found.get(console);
        found.set(console, {
          made: Math.min(made, other?.made ?? made),
          heard: Boolean(heard || other?.heard),
        });
      }
    }
    return found;
  }

  /**
   * Sees to it that there is room for those that are being made. What a console that is gone leaves behind is known
   * by its silence.
   */
  async function makeRoom(tenant: string, making: ReadonlySet<string>): Promise<void> {
    // Also those that are finished while the others are looked up.
    const names = new Set(making);
    const consoles = await consolesOf(tenant);
    for (const name of [...making, ...consoles.keys()]) names.add(name);
    const excess = names.size - mostConsoles;
    if (excess <= 0) return;
    const silent = [...consoles]
      .filter(([name, { heard }]) => !heard && !making.has(name))
      .sort(([, a], [, b]) => a.made - b.made);
    if (silent.length < excess) throw tooMany(tenant);
    for (const [name] of silent.slice(0, excess)) {
      for (const stream of streams)
        await manager.consumers.delete(stream, `${durablePrefix}${name}`).catch(ignoreGone);
    }
  }

  /** Makes a console's consumers, where the tenant may have one more. */
  async function admit(
    name: string,
    tenant: string,
    make: () => Promise<Pick<ConsoleReply, 'start' | 'pending'>>,
  ): Promise<Pick<ConsoleReply, 'start' | 'pending'>> {
    const making = underWay.get(tenant) ?? new Set();
    underWay.set(tenant, making);
    if (making.size >= mostConsoles) throw tooMany(tenant);
    making.add(name);
    try {
      await makeRoom(tenant, making);
      return await make();
    } finally {
      making.delete(name);
    }
  }

  /**
   * Consumers are made here alone, and deliver to the console's inbox: it has no right to ask for anything.
   * Resolves with what waits for it.
   */
  async function addConsumers(name: string, tenant: string, after: number): Promise<ConsoleReply['pending']> {
    const inbox = `_INBOX.ops.${tenant}.${name}`;
    const all = tenant === 'any';
    const base: Partial<ConsumerConfig> = {
      durable_name: `${durablePrefix}${name}`,
      ack_policy: AckPolicy.None,
      inactive_threshold: unusedNanos,
      idle_heartbeat: heartbeatMs * 1e6,
    };
    const audit = await manager.consumers.add(streamNames.audit, {
      ...base,
      deliver_subject: `${inbox}.audit`,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
      ...(all ? {} : { filter_subject: `from.*.audit.${tenant}.>` }),
    });
    const flow = await manager.consumers.add(streamNames.flow, {
      ...base,
      deliver_subject: `${inbox}.flow`,
      deliver_policy: DeliverPolicy.All,
      ...(all ? {} : { filter_subject: `from.*.flow.*.${tenant}.>` }),
    });
    return { audit: audit.num_pending, flow: flow.num_pending };
  }

  return operation({
    request: 'ConsoleRequest',
    async run({ key, tenant, from, after }, by): Promise<ConsoleReply> {
      requireScope(by, tenant);
      if (!isPublicKey('user', key)) {
        throw new CausewayError('INVALID_REQUEST', 'key is not the public key of a user (U…)', {
          pointer: '/key',
        });
      }
      if (tenant !== 'any' && !store.accounts.some((account) => account.name === tenant)) {
        throw new CausewayError('INVALID_REQUEST', `there is no tenant ${tenant}`, { pointer: '/tenant' });
      }
      const name = `console-${Buffer.from(random.bytes(8)).toString('hex')}`;
      const jwt = await users.console(tenant, name, key, clock.now() + consoleLifetimeMs);
      const made = await admit(name, tenant, async () => {
        const last =
          from === 'now' ? (await manager.streams.info(streamNames.audit)).state.last_seq : undefined;
        const start = last ?? after ?? 0;
        return { start, pending: await addConsumers(name, tenant, start) };
      });
      const signers: ConsoleReply['signers'] = {};
      const cloud = store.get(documentKeys.site(hubSite));
      if (cloud?.kind === 'site' && cloud.registry)
        signers[`${hubSite}.${registrySigner}`] = [...cloud.registry];
      for (const site of store.all.sites) {
        const wasThere = site.formerTenants?.includes(tenant);
        if (tenant !== 'any' && !wasThere && !Object.hasOwn(site.tenants, tenant)) continue;
        for (const [gateway, keys] of Object.entries({ ...site.retired, ...site.gateways }))
          signers[`${site.name}.${gateway}`] = [...keys];
      }
      for (const site of store.formerSites) {
        if (tenant !== 'any' && !site.tenants.includes(tenant)) continue;
        for (const [gateway, keys] of Object.entries(site.gateways)) {
          const name = `${site.name}.${gateway}`;
          signers[name] = [...keys, ...(signers[name] ?? [])];
        }
      }
      const visible = [...acts()].filter(([chain]) => tenant === 'any' || chain === tenant);
      return { jwt, name, heartbeat: heartbeatMs, ...made, signers, acts: Object.fromEntries(visible) };
    },
  });
}

/** Ends all consoles of a tenant that is gone. */
export async function endConsoles(manager: JetStreamManager, tenant: string): Promise<void> {
  for (const stream of streams) {
    for await (const { name, config } of manager.consumers.list(stream)) {
      if (!config.deliver_subject?.startsWith(`_INBOX.ops.${tenant}.`)) continue;
      await manager.consumers.delete(stream, name).catch(ignoreGone);
    }
  }
}

function tooMany(tenant: string): CausewayError {
  const whose = tenant === 'any' ? 'the fabric' : `tenant ${tenant}`;
  const reason = `${mostConsoles} consoles of ${whose} are open, as many as may be; close one of them`;
  return new CausewayError('OVERLOADED', reason, { retryAfter: retryAfterMs });
}

/** It may have gone by itself meanwhile. */
function ignoreGone(error: unknown): void {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound) return;
  throw error;
}
