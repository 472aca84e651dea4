import type { Caller } from './caller.ts';
import { checkServiceName } from './caller.ts';
import type { CallOptions, Client, ManifestOf } from './types.ts';

type CallFunction = (input: unknown, options?: CallOptions) => Promise<unknown>;

/**
 * The functions of one API. Each is made when it is first asked for and kept; any name gives one, since the
 * gateway knows the endpoints. Throws INVALID_REQUEST for a service name that is none.
 */
export function createClient<M extends ManifestOf>(
  caller: Caller,
  service: string,
  major: number,
): Client<M> {
  checkServiceName(service);
  const functions = new Map<string, CallFunction>();
  return new Proxy({} as Client<M>, {
    get(_target, endpoint) {
      // `await client` asks for `then`, and inspection for symbols: neither is an endpoint.
      if (typeof endpoint !== 'string' || endpoint === 'then') return undefined;
      let call = functions.get(endpoint);
      if (!call) {
        const to = caller.endpoint(service, major, endpoint);
        call = (input, options) => caller.call(to, input, options);
        functions.set(endpoint, call);
      }
      return call;
    },
  });
}
