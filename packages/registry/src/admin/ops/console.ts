import { isPublicKey } from '@causeway/identity';
import { CausewayError, type Clock, type ConsoleReply, type Random } from '@causeway/protocol';
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import type { DocumentStore } from '../../documents/store.ts';
import type { UserIssuer } from '../../identities/user-issuer.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** A console's credentials last this long, in ms; its consumers go an hour after their last use. */
const consoleLifetimeMs = 12 * 60 * 60 * 1000;
const unusedNanos = 60 * 60 * 1e9;

/** console: an ops user of its own for each console, with its consumers on AUDIT and FLOW. */
export function consoleOperation(options: {
  store: DocumentStore;
  users: UserIssuer;
  manager: JetStreamManager;
  clock: Clock;
  random: Random;
}) {
  const { store, users, manager, clock, random } = options;

  /**
   * Consumers are made here alone, and deliver to the console's inbox: it has no right to ask for anything.
   * Resolves with what waits for it.
   */
  async function addConsumers(name: string, tenant: string, after: number): Promise<ConsoleReply['pending']> {
    const inbox = `_INBOX.ops.${tenant}.${name}`;
    const all = tenant === 'any';
    const base: Partial<ConsumerConfig> = {
      durable_name: `ops-${name}`,
      ack_policy: AckPolicy.None,
      inactive_threshold: unusedNanos,
    };
    const audit = await manager.consumers.add('AUDIT', {
      ...base,
      deliver_subject: `${inbox}.audit`,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
      ...(all ? {} : { filter_subject: `from.*.audit.${tenant}.>` }),
    });
    const flow = await manager.consumers.add('FLOW', {
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
      const start = from === 'now' ? (await manager.streams.info('AUDIT')).state.last_seq : (after ?? 0);
      const pending = await addConsumers(name, tenant, start);
      const signers: ConsoleReply['signers'] = {};
      for (const site of store.all.sites) {
        if (tenant !== 'any' && !Object.hasOwn(site.tenants, tenant)) continue;
        for (const [gateway, keys] of Object.entries(site.gateways))
          signers[`${site.name}.${gateway}`] = [...keys];
      }
      return { jwt, name, pending, signers };
    },
  });
}
