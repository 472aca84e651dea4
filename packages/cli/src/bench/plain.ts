import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, readSite, siteUrl } from '@causeway/fabric';
import { subjects } from '@causeway/protocol';
import { connectNats } from '@causeway/transport';
import { portsOf } from '../admin.ts';
import type { Context } from '../context.ts';
import type { BenchPlace } from './place.ts';

/** Calls that nobody guards, with NATS's own `request()`. */
export interface PlainCalls extends AsyncDisposable {
  call(): Promise<void>;
}

/** A name that no gateway serves, so that calls of it reach the responder here and nobody else. */
const service = 'causeway-bench-plain';
const timeoutMs = 10_000;

/**
 * Opens them over the same servers, link and TLS as the guarded ones: the caller is the bench's own, and the responder
 * sits where the gateway of its site would, with that gateway's credentials.
 */
export async function openPlain(
  context: Context,
  dir: string,
  place: BenchPlace,
  caller: { readonly name: string; readonly creds: string; readonly body: Uint8Array },
): Promise<PlainCalls> {
  const { tenant, from, to } = place;
  const layout = fabricLayout(dir);
  await using stack = new AsyncDisposableStack();
  const connect = async (site: string, credentials: string, inboxPrefix: string) => {
    const connection = await connectNats({
      servers: siteUrl(await readSite(dir, site)),
      ca: await readFile(layout.site(site).ca, 'utf8'),
      ...{ credentials, inboxPrefix, name: service },
      ...portsOf(context, 'silent'),
    });
    stack.defer(() => connection.close());
    return connection;
  };
  const endpoint = { service, major: 1, endpoint: 'echo' };
  const subject = subjects.call.build({ fromSite: from, from: caller.name, toSite: to, ...endpoint });
  const responder = await connect(to, path.join(layout.site(to).creds, `gateway-${tenant}.creds`), '_INBOX');
  responder.subscribe(subject, { callback: (_error, message) => void message.respond(message.data) });
  await responder.flush();
  const connection = await connect(from, caller.creds, `_INBOX.${from}.${caller.name}.plain`);
  const owned = stack.move();
  return {
    async call() {
      await connection.request(subject, caller.body, { timeout: timeoutMs });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
