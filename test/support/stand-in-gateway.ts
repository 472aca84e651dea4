import {
  CausewayError,
  type DiscoveredApi,
  decodeJson,
  encodeJson,
  type NoRouteReport,
  headers as names,
  type RegisterRequest,
  subjects,
} from '@causeway/protocol';
import { createAnswerMux, headerBlock } from '@causeway/transport';
import type { Msg, NatsConnection } from 'nats';
import { ports } from './sdk-server.ts';

/** A peer of the SDK that speaks a gateway's part of the protocol and decides nothing. */
export interface StandInGateway {
  /** Service to instance, of those registered. */
  readonly instances: Map<string, string>;
  readonly renewals: { instance: string; healthy: boolean }[];
  readonly registrations: RegisterRequest[];
  readonly unrouted: NoRouteReport['calls'];
  /** What discovery gives; `publish` changes it and tells a service. */
  publish(service: string, apis: DiscoveredApi[], options?: { notify?: boolean; revision?: number }): void;
  /** Answers a registration with this error. */
  refuse: CausewayError | undefined;
  /** Answers calls in place of passing them on. */
  onCall: ((message: Msg) => void) | undefined;
  stop(): void;
}

/** Serves one site on a connection that may do anything. `lease` in milliseconds. */
export async function standInGateway(
  connection: NatsConnection,
  site: string,
  lease = 3_000,
): Promise<StandInGateway> {
  const { clock, random } = ports;
  const mux = createAnswerMux({ site, gateway: 'gw-1', connection, clock, random });
  let apis: DiscoveredApi[] = [];
  let revision = 1;

  function refusal(to: string, error: CausewayError): void {
    if (connection.isClosed()) return;
    const headers = headerBlock([[names.errorCode, String(error.number)]]);
    connection.publish(to, encodeJson(error), { headers });
  }

  function desk(message: Msg): void {
    const fields = subjects.registry.parse(message.subject);
    const reply = message.reply ?? '';
    if (!fields) return;
    const { service, op } = fields;
    const body = decodeJson(message.data) as never;
    const granted = { lease, revision, time: clock.now() };
    if (op === 'register') {
      gateway.registrations.push(body);
      if (gateway.refuse) return refusal(reply, gateway.refuse);
      gateway.instances.set(service, (body as RegisterRequest).instance);
    } else if (op === 'renew') {
      gateway.renewals.push(body);
      if (!gateway.instances.has(service)) return refusal(reply, new CausewayError('NO_INSTANCE', 'who?'));
    } else if (op === 'withdraw') {
      gateway.instances.delete(service);
    } else if (op === 'noroute') {
      gateway.unrouted.push(...(body as NoRouteReport).calls);
    } else if (op === 'discover') {
      const unchanged = (body as { since?: number }).since === revision;
      const found = { revision, time: clock.now(), unchanged, apis: unchanged ? [] : apis };
      connection.publish(reply, encodeJson(found));
      return;
    }
    connection.publish(reply, encodeJson(granted));
  }

  function call(message: Msg): void {
    if (gateway.onCall) return gateway.onCall(message);
    const fields = subjects.call.parse(message.subject);
    const to = message.reply ?? '';
    const { service, major, endpoint, fromSite, from } = fields as NonNullable<typeof fields>;
    const instance = gateway.instances.get(service);
    if (!instance) return refusal(to, new CausewayError('NO_INSTANCE', 'nobody serves'));
    const passed = [names.call, names.deadline, names.traceparent]
      .map((name) => [name, message.headers?.get(name) ?? ''] as const)
      .filter(([, value]) => value);
    const headers = headerBlock([...passed, [names.caller, `${fromSite}.${from}`]]);
    const subject = subjects.serve.build({ site, service, instance, major, endpoint });
    mux.ask({ service, subject, body: message.data, timeoutMs: 5_000, headers }, (result) => {
      if (result.kind !== 'reply') return refusal(to, new CausewayError('NO_INSTANCE', result.kind));
      const { data, headers: answered } = result.message;
      connection.publish(to, data, answered ? { headers: answered } : {});
    });
  }

  const subscriptions = [
    connection.subscribe(`registry.${site}.>`, { callback: (_error, message) => desk(message) }),
    ...[site, 'any'].map((at) =>
      connection.subscribe(`call.*.*.${at}.quotes.v1.*`, { callback: (_error, message) => call(message) }),
    ),
  ];
  const gateway: StandInGateway = {
    instances: new Map(),
    renewals: [],
    registrations: [],
    unrouted: [],
    refuse: undefined,
    onCall: undefined,
    publish(service, changed, { notify = true, ...at } = {}) {
      apis = changed;
      revision = at.revision ?? revision + 1;
      const told = encodeJson({ service: 'quotes', major: 1, revision });
      if (notify) connection.publish(subjects.notify.build({ site, service, event: 'changed' }), told);
    },
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
      mux.close();
    },
  };
  await connection.flush();
  return gateway;
}
