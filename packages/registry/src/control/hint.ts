import { encodeJson, subjects } from '@causeway/protocol';
import type { NatsConnection } from 'nats';
import type { DocumentStore } from '../documents/store.ts';

/** The last token of the subject on which a gateway is told that something changed for its site. */
const hintToken = 'changed';

/**
 * Tells a site's gateways that something changed for them, so that they ask at once. A hint that is lost costs no
 * more than the time until the gateway's next renewal, whose reply has the revision too.
 */
export function hintGateways(
  connection: NatsConnection,
  store: DocumentStore,
  site: string,
  revision: number,
): void {
  const document = store.get(`site.any.${site}`);
  if (document?.kind !== 'site') return;
  for (const gateway of Object.keys(document.gateways)) {
    const subject = subjects.inbox.build({ site, caller: 'gateway', connection: gateway, token: hintToken });
    connection.publish(subject, encodeJson({ revision }));
  }
}
