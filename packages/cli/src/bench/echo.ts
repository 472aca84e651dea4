import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AdminClient, addService } from '@causeway/fabric';
import { type DeleteRequest, encodeJson } from '@causeway/protocol';
import type { Context } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { connectAs } from '../service.ts';
import type { BenchPlace } from './place.ts';
import { openPlain } from './plain.ts';

/** Names that nobody would choose for anything else. */
const names = {
  policy: 'causeway-bench',
  echo: 'causeway-bench-echo',
  caller: 'causeway-bench-caller',
} as const;

const message = {
  type: 'object',
  required: ['n', 'text'],
  additionalProperties: false,
  properties: { n: { type: 'integer', minimum: 0 }, text: { type: 'string', maxLength: 4096 } },
} as const;

const manifest = {
  kind: 'api',
  service: names.echo,
  version: '1.0.0',
  endpoints: { echo: { request: message, reply: message, idempotent: true } },
} as const;

/** Bytes of a message as JSON: what is measured is the way, not the load. */
const messageBytes = 128;
const text = 'x'.repeat(messageBytes - JSON.stringify({ n: 1_000_000, text: '' }).length);
const readyMs = 20_000;
const retryMs = 50;

/** A service that answers with what it gets, a caller of it, and the same beside it without Causeway. */
export interface Echo {
  /** One call. Rejects with a CausewayError. */
  call(): Promise<void>;
  /** The same call over the same servers with NATS alone. */
  plain(): Promise<void>;
  /** Takes away all that was made for it. */
  close(): Promise<void>;
}

/**
 * Makes identities, a policy and an API of its own, and resolves when a first call has gone through. What an earlier
 * one left behind that was killed is taken away first.
 */
export async function openEcho(
  context: Context,
  dir: string,
  admin: AdminClient,
  place: BenchPlace,
): Promise<Echo> {
  const { tenant, from, to } = place;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'causeway-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await removeAll(admin, place);
  stack.defer(() => removeAll(admin, place));
  await admin.apply([
    {
      kind: 'policy',
      name: names.policy,
      tenant,
      from: { site: from, service: names.caller },
      to: { service: names.echo, major: 1 },
      effect: 'allow',
      // Limits that are counted on every call and never reached.
      limits: { rate: 1_000_000, burst: 1_000_000, concurrency: 100_000 },
    },
  ]);
  const connectNew = async (site: string, service: string) => {
    const out = path.join(folder, `${service}.creds`);
    await addService(admin, { tenant, site, service, out }, context.random);
    const connection = await connectAs(context, dir, out, 'silent');
    stack.defer(() => connection.drain());
    return connection;
  };
  const service = await connectNew(to, names.echo);
  await service.serve(manifest, { echo: (input) => input });
  const caller = await connectNew(from, names.caller);
  const target = { service: names.echo, major: 1, endpoint: 'echo', site: to };
  let calls = 0;
  const call = async () => {
    const n = 1_000_000 + (calls++ % 1_000_000);
    await caller.call(target, { n, text });
  };
  const plain = stack.use(
    await openPlain(context, dir, place, {
      name: names.caller,
      creds: path.join(folder, `${names.caller}.creds`),
      body: encodeJson({ n: 1_000_000, text }),
    }),
  );
  await untilAnswered(context, call);
  await untilAnswered(context, plain.call);
  const owned = stack.move();
  return { call, plain: plain.call, close: () => owned.disposeAsync() };
}

/** The new policy is in force within moments; what is not by then, something else keeps from it. */
async function untilAnswered({ clock }: Context, call: () => Promise<void>): Promise<void> {
  const end = clock.monotonic() + readyMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (clock.monotonic() > end) {
        throw new CommandFailure(`the echo is not answered: ${(error as Error).message}`, { cause: error });
      }
      await new Promise<void>((resolve) => clock.after(retryMs, resolve));
    }
  }
}

async function removeAll(admin: AdminClient, { tenant }: BenchPlace): Promise<void> {
  const { items } = await admin.get('services');
  const services = items.filter(
    (each) => each.tenant === tenant && [names.caller, names.echo].some((name) => name === each.name),
  );
  for (const { name, site } of services) {
    await remove(admin, { kind: 'service', tenant, site: String(site), name: String(name), force: true });
  }
  const made = async (kind: 'apis' | 'policies', name: string) =>
    (await admin.get(kind, name)).items.some((each) => each.tenant === tenant);
  const api = `${names.echo}.v1`;
  if (await made('apis', api)) await remove(admin, { kind: 'api', tenant, name: api, force: true });
  if (await made('policies', names.policy)) {
    await remove(admin, { kind: 'policy', tenant, name: names.policy, force: true });
  }
}

async function remove(admin: AdminClient, request: DeleteRequest): Promise<void> {
  await admin.delete(request);
}
