import { type AdminClient, ailments, type Fabric } from '@causeway/fabric';
import type { Clock } from '@causeway/protocol';
import { type Causeway, CausewayError } from '@causeway/sdk';
import { pause } from './wait.ts';

/** What it takes to wait for a fabric. */
export interface SettleOptions {
  readonly fabric: Fabric;
  readonly admin: AdminClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const limitMs = 30_000;
const pollMs = 100;
const probeTimeoutMs = 1_000;

/**
 * Waits until the fabric has been healthy for `steadyMs` at a stretch: every link is up and every gateway has what
 * concerns it. The first registration of a new API has its site's links come back with re-issued credentials, a
 * moment after its gateway confirmed them. Rejects after 30 s with what is missing.
 */
export async function untilSteady(options: SettleOptions, steadyMs: number): Promise<void> {
  const { fabric, admin, clock, signal } = options;
  const sites = fabric.summary.sites.map(({ name }) => name);
  const end = clock.monotonic() + limitMs;
  let since: number | undefined;
  while (!signal.aborted) {
    const missing = ailments(await admin.status(), sites, fabric.summary.tenants);
    const now = clock.monotonic();
    since = missing.length > 0 ? undefined : (since ?? now);
    if (since !== undefined && now - since >= steadyMs) return;
    if (now > end)
      throw new Error(`the fabric does not settle: ${missing.join('; ') || 'links come and go'}`);
    await pause(clock, pollMs, signal);
  }
  signal.throwIfAborted();
}

/**
 * Waits until an endpoint answers this caller, at the site named and wherever it is served: policies and interest
 * take a moment to travel. A request that fits no schema is enough to find out, and costs no service anything:
 * whoever refuses it as INVALID_REQUEST is the gateway that will serve. Rejects after 30 s with the last refusal.
 */
export async function untilReached(
  options: SettleOptions,
  caller: Causeway,
  to: { readonly service: string; readonly major: number; readonly endpoint: string; readonly site: string },
): Promise<void> {
  const { clock, signal } = options;
  const end = clock.monotonic() + limitMs;
  const probe = { signal, timeout: probeTimeoutMs };
  for (const site of [to.site, undefined]) {
    for (;;) {
      signal.throwIfAborted();
      const refusal = await refusalOf(caller.call({ ...to, site }, null, probe));
      if (refusal?.code === 'INVALID_REQUEST') break;
      if (clock.monotonic() > end) {
        const { site: from, service } = caller.identity;
        throw new Error(
          `${from}/${service} does not reach ${to.service}: ${refusal?.message ?? 'it takes anything'}`,
        );
      }
      await pause(clock, pollMs, signal);
    }
  }
}

async function refusalOf(call: Promise<unknown>): Promise<CausewayError | undefined> {
  try {
    await call;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof CausewayError) return thrown;
    throw thrown;
  }
}
