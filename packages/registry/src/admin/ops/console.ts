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

  /** Consumers are made here alone: whoever makes one chooses where it delivers. */
  async function addConsumers(name: string, tenant: string): Promise<void> {
    const all = tenant === 'any';
    const base: Partial<ConsumerConfig> = {
      durable_name: `ops-${name}`,
      ack_policy: AckPolicy.None,
      inactive_threshold: unusedNanos,
    };
    await manager.consumers.add('AUDIT', {
      ...base,
      deliver_policy: DeliverPolicy.All,
      ...(all ? {} : { filter_subject: `from.*.audit.${tenant}.>` }),
    });
    await manager.consumers.add('FLOW', {
      ...base,
      deliver_policy: DeliverPolicy.All,
      ...(all ? {} : { filter_subject: `from.*.flow.*.${tenant}.>` }),
    });
  }

  return operation({
    request: 'ConsoleRequest',
    async run({ key, tenant, from }, by): Promise<ConsoleReply> {
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
      await addConsumers(name, tenant);
      const next = from === 'now' ? (await manager.streams.info('AUDIT')).state.last_seq + 1 : 1;
      const jwt = await users.console(tenant, name, key, clock.now() + consoleLifetimeMs);
      const signers: ConsoleReply['signers'] = {};
      for (const site of store.all.sites) {
        if (tenant !== 'any' && !Object.hasOwn(site.tenants, tenant)) continue;
        for (const [gateway, keys] of Object.entries(site.gateways))
          signers[`${site.name}.${gateway}`] = [...keys];
      }
      return { jwt, name, next, signers };
    },
  });
}
