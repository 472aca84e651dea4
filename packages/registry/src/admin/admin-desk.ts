import {
  CausewayError,
  type Clock,
  type Logger,
  type Messages,
  parseMessage,
  subjects,
} from '@causeway/protocol';
import { type LogRate, rateLimitedLogger } from '@causeway/transport';
import type { Msg, NatsConnection, Subscription } from 'nats';
import { type Act, asAct } from '../acts/act-context.ts';
import type { Refusals } from '../acts/refusals.ts';
import { answerWith } from '../reply.ts';

/** Who asks, as the broker pinned it in the subject. */
export interface Administrator {
  readonly name: string;
  /** The tenant that he administers; `any` for the fabric. */
  readonly scope: string;
}

/** One operation: its request's type, and what it does. */
export interface AdminOperation<N extends keyof Messages> {
  readonly request: N;
  readonly run: (request: Messages[N], by: Administrator) => Promise<object> | object;
}

/** An operation whose request's type is its own business. */
export interface AnyAdminOperation {
  readonly handle: (body: Uint8Array, by: Administrator) => Promise<object>;
}

/** Wraps an operation, so that what it runs on has been checked. */
export function operation<N extends keyof Messages>(definition: AdminOperation<N>): AnyAdminOperation {
  return {
    async handle(body, by) {
      const parsed = parseMessage(definition.request, body);
      if (parsed.fault) {
        const { pointer, problem } = parsed.fault;
        throw new CausewayError('INVALID_REQUEST', `${definition.request}${pointer} ${problem}`, { pointer });
      }
      return definition.run(parsed.value, by);
    },
  };
}

/** Throws DENIED where an administrator reaches for another tenant's things. */
export function requireScope(by: Administrator, tenant: string): void {
  if (by.scope === 'any' || by.scope === tenant) return;
  throw new CausewayError(
    'DENIED',
    `administrator ${by.name} of tenant ${by.scope} may not act for ${tenant}`,
  );
}

/** Operations that change nothing, so that their refusal is no refused act. */
const reads: ReadonlySet<string> = new Set(['get', 'explain', 'in-force', 'status', 'console']);

/** What the administrators of one tenant can make the registry write. */
const perScope: LogRate = { lines: 60, periodMs: 60_000 };

/**
 * Operations of one scope that may be under way, and bytes of their requests: what comes on top would wait in the registry's
 * memory, and keep it from the other tenants.
 */
const mostUnderWay = 256;
const mostBytesUnderWay = 16 * 1024 * 1024;
const againMs = 1_000;

/** Serves administrators. */
export interface AdminDesk {
  /** Listens to the administrators of a tenant, too. */
  addTenant(tenant: string): void;
  removeTenant(tenant: string): void;
  close(): void;
}

/** Serves `admin.<tenant>.<admin>.<op>`, one subscription for each tenant and one for the fabric (`any`). */
export function createAdminDesk(options: {
  connection: NatsConnection;
  tenants: readonly string[];
  operations: Readonly<Record<string, AnyAdminOperation>>;
  refusals: Pick<Refusals, 'add'>;
  clock: Clock;
  logger: Logger;
}): AdminDesk {
  const { connection, operations, refusals, clock, logger } = options;
  const subscriptions = new Map<string, Subscription>();

  /** What is under way of each scope. */
  const underWay = new Map<string, { count: number; bytes: number }>();

  /** Does it, where there is not too much under way of the scope. */
  async function counted(op: string, body: Uint8Array, by: Administrator): Promise<object> {
    const load = underWay.get(by.scope) ?? { count: 0, bytes: 0 };
    underWay.set(by.scope, load);
    // One is always done, however long it is.
    const isTooMuch = load.count > 0 && load.bytes + body.length > mostBytesUnderWay;
    if (load.count >= mostUnderWay || isTooMuch) {
      const reason = `administrators of ${by.scope} have more under way than is done at a time`;
      const error = new CausewayError('OVERLOADED', reason, { retryAfter: againMs });
      const act: Act = { admin: by.name, scope: by.scope, op: namedOf(op), reading: reads.has(op) };
      // Not waited for, and without a look into the request: that is what there is too much of.
      if (!act.reading) void refusals.add(act, new Uint8Array(), error);
      throw error;
    }
    load.count += 1;
    load.bytes += body.length;
    try {
      return await answer(op, body, by);
    } finally {
      load.count -= 1;
      load.bytes -= body.length;
    }
  }

  /** An operation's name is anything that a subject can hold: what is recorded is that there is no such operation. */
  const namedOf = (op: string) =>
    Object.hasOwn(operations, op) && /^[a-z-]{1,32}$/.test(op) ? op : 'unknown';

  async function answer(op: string, body: Uint8Array, by: Administrator): Promise<object> {
    const found = Object.hasOwn(operations, op) ? operations[op] : undefined;
    const act: Act = { admin: by.name, scope: by.scope, op: namedOf(op), reading: reads.has(op) };
    return asAct(act, async () => {
      try {
        if (!found) throw new CausewayError('INVALID_REQUEST', `unknown operation "${op}"`);
        return await found.handle(body, by);
      } catch (error) {
        if (!act.reading) await refusals.add(act, body, CausewayError.opaque(error, 'the registry'));
        throw error;
      }
    });
  }

  function onMessage(scope: string, message: Msg, heardLog: Logger): void {
    const fields = subjects.admin.parse(message.subject);
    const inbox = subjects.adminInbox.parse(message.reply ?? '');
    if (fields?.tenant !== scope || inbox?.tenant !== scope || inbox.admin !== fields.admin) {
      heardLog.warn(
        { scope, shown: message.subject },
        'admin message without an inbox of its sender; dropped',
      );
      return;
    }
    const reply = message.reply as string;
    const by: Administrator = { name: fields.admin, scope };
    void answerWith(
      connection,
      reply,
      counted(fields.op, message.data, by),
      heardLog.child({ by, op: fields.op }),
    );
  }

  function addScope(scope: string): void {
    if (subscriptions.has(scope)) return;
    const heardLog = rateLimitedLogger(logger, clock, perScope);
    const subscription = connection.subscribe(`admin.${scope}.*.*`, {
      callback: (err, message) => {
        if (err) logger.error({ err, scope }, 'admin subscription refused');
        else onMessage(scope, message, heardLog);
      },
    });
    subscriptions.set(scope, subscription);
  }

  for (const scope of ['any', ...options.tenants]) addScope(scope);
  return {
    addTenant: addScope,
    removeTenant(tenant) {
      subscriptions.get(tenant)?.unsubscribe();
      subscriptions.delete(tenant);
    },
    close() {
      for (const subscription of subscriptions.values()) subscription.unsubscribe();
    },
  };
}
