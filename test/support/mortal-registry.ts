import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fabricLayout } from '@causeway/fabric';
import { decodeJwt } from '@causeway/identity';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { TestFabric } from './fabric.ts';
import { rawClient } from './raw-client.ts';
import { until } from './until.ts';

/** Something that is to be seen before the registry is killed; it looks from when it is called. */
export type Moment = () => Promise<unknown>;

/** A document of the registry's bucket, as it was written. */
export type Written = Readonly<Record<string, unknown>>;

/** A fabric's registry, which can be killed at a moment of one's choosing; what keeps it up starts another. */
export interface MortalRegistry {
  /** What was asked has just been sent. */
  readonly sent: Moment;
  /** A request that was sent behind it was answered: the registry has begun. */
  readonly received: Moment;
  /** A document is as wanted that was written since the registry is watched. */
  stored(isWanted: (document: Written) => boolean): Moment;
  /** The server of one of the sites has claims of the account that are as wanted. */
  claims(sites: readonly string[], account: string, isWanted: (nats: Written) => boolean): Moment;
  /**
   * Does something, and kills the registry (SIGKILL) when the moment has come. Resolves when another one answers, with
   * whether the first one had said by then that it was done.
   */
  killedAt(moment: Moment, act: () => Promise<unknown>): Promise<{ readonly told: boolean }>;
  [Symbol.asyncDispose](): Promise<void>;
}

const patient = { timeout: 30_000, every: 1 };

/** Watches the registry of a fabric, with the registry's own credentials. */
export async function mortalRegistry(fabric: TestFabric): Promise<MortalRegistry> {
  const layout = fabricLayout(fabric.dir);
  const creds = path.join(layout.registry, 'registry.creds');
  const connection = await rawClient(fabric, 'cloud', creds, '_INBOX.cloud.registry.watch');
  const consumer = await jetstream(connection).consumers.get('KV_documents', {
    deliver_policy: DeliverPolicy.New,
  });
  // It is made with the first read of it.
  await consumer.info();
  const messages = await consumer.consume();
  const listeners = new Set<(document: Written) => void>();
  // What stands of what was written: one that is killed may have come further than it was seen to.
  const standing = new Map<string, Written>();
  const reading = (async () => {
    for await (const message of messages) {
      standing.delete(message.subject);
      if (message.data.length === 0) continue;
      const document = message.json<Written>();
      standing.set(message.subject, document);
      for (const listener of listeners) listener(document);
    }
  })();

  async function claimsOf(site: string, account: string): Promise<Written | undefined> {
    const folder = path.join(layout.site(site).nats, 'resolver');
    for (const file of await readdir(folder)) {
      if (!file.endsWith('.jwt')) continue;
      const { name, nats } = decodeJwt((await readFile(path.join(folder, file), 'utf8')).trim());
      if (name === account) return nats;
    }
    return undefined;
  }

  return {
    sent: () => turn(),
    async received() {
      await turn();
      await fabric.admin.get('sites', 'cloud');
    },
    stored: (isWanted) => async () => {
      let seen = [...standing.values()].some(isWanted);
      const listener = (document: Written) => {
        seen ||= isWanted(document);
      };
      listeners.add(listener);
      await until('the document is stored', () => seen, patient).finally(() => listeners.delete(listener));
    },
    claims: (sites, account, isWanted) => () =>
      until(
        `claims of ${account} at ${sites.join(' or ')}`,
        async () => {
          const found = await Promise.all(sites.map((site) => claimsOf(site, account)));
          return found.some((claims) => claims !== undefined && isWanted(claims));
        },
        patient,
      ),
    async killedAt(moment, act) {
      const pid = fabric.fabric.processes.registry;
      if (pid === undefined) throw new Error('the registry does not run');
      let told = false;
      const due = moment();
      // Where it is not answered any more, it says so after its time.
      act().then(
        () => {
          told = true;
        },
        () => undefined,
      );
      await due;
      const before = told;
      process.kill(pid, 'SIGKILL');
      await until('another registry runs', () => {
        const now = fabric.fabric.processes.registry;
        return now !== undefined && now !== pid;
      });
      await until('it answers', () => fabric.admin.status(), { timeout: 30_000 });
      return { told: before };
    },
    async [Symbol.asyncDispose]() {
      await messages.close();
      await reading;
      await connection.close();
    },
  };
}
