import type { Causeway } from '@causeway/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { longestTestMs, midnightHookMs, untilFarFromMidnight } from '../support/far-from-midnight.ts';
import { readRecords } from '../support/records.ts';
import { until } from '../support/until.ts';

const clockwork = {
  kind: 'api',
  service: 'clockwork',
  version: '1.0.0',
  endpoints: { tick: { request: true, reply: { type: 'string' }, maxReplyBytes: 1_000 } },
} as const;

interface Refused {
  readonly code: string;
  readonly reason: string;
  readonly retryAfter?: number;
}

describe('quota', { timeout: longestTestMs }, () => {
  let fabric: TestFabric;
  let hub: number;
  const callers = new Map<string, Causeway>();

  const policy = (name: string, service: string, limits: object, more: object = {}) => ({
    ...{ kind: 'policy', name, from: { service }, to: { service: 'clockwork' }, effect: 'allow', limits },
    ...more,
  });

  /** One call, and what came of it. */
  async function tick(caller: string, site: string, input: unknown = 0): Promise<'OK' | Refused> {
    const api = callers.get(caller)?.service<typeof clockwork>('clockwork', 1);
    if (!api) throw new Error(`no caller ${caller}`);
    return api.tick(input, { site, timeout: 5_000 }).then(
      () => 'OK' as const,
      (error: Refused) => error,
    );
  }
  const codeOf = (outcome: 'OK' | Refused) => (outcome === 'OK' ? outcome : outcome.code);

  /** The policy is in force where it is called: what is served before does not count. */
  async function applied(caller: string, document: object): Promise<void> {
    callers.set(caller, await fabric.connect('edge-b', caller));
    await fabric.admin.apply([document]);
    for (const site of ['edge-a', 'edge-b']) {
      const known = async () =>
        (await callers.get(caller)?.discover())?.[0]?.sites.includes(site) || undefined;
      await until(`${caller} may call ${site}`, known);
    }
    // Both gateways have it once each has refused what it says is too much.
    const large = { large: 'x'.repeat(6_000) };
    for (const site of ['edge-a', 'edge-b']) {
      await until(
        `${site} knows the policy`,
        async () => codeOf(await tick(caller, site, large)) === 'PAYLOAD_TOO_LARGE' || undefined,
        { timeout: 20_000 },
      );
    }
  }

  /** Calls both sites in turn, until each says that nothing is left; gives what was spent at each. */
  async function spendAll(caller: string, onCall: (calls: number) => void = () => {}) {
    const spent: Record<string, number> = { 'edge-a': 0, 'edge-b': 0 };
    const over = new Map<string, Refused>();
    for (let calls = 0; over.size < 2; calls += 1) {
      onCall(calls);
      for (const site of ['edge-a', 'edge-b']) {
        const outcome = await tick(caller, site);
        if (outcome === 'OK') spent[site] = (spent[site] ?? 0) + 1;
        else if (outcome.code === 'QUOTA_EXCEEDED' && outcome.reason.endsWith('is used up'))
          over.set(site, outcome);
        else if (outcome.code !== 'QUOTA_EXCEEDED') throw outcome;
      }
      if (calls > 2_000) throw new Error(`not used up: ${JSON.stringify(spent)}`);
    }
    return { spent, total: (spent['edge-a'] ?? 0) + (spent['edge-b'] ?? 0), over };
  }

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a', 'edge-b'] });
    for (const site of ['edge-a', 'edge-b']) {
      const server = await fabric.connect(site, 'clockwork');
      await server.serve(clockwork, { tick: () => site });
    }
    hub = fabric.fabric.processes['server cloud'] as number;
  });
  beforeEach(untilFarFromMidnight, midnightHookMs);
  afterEach(() => {
    process.kill(hub, 'SIGCONT');
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  it('quota - two sites together spend all of it and not one call more, and the refusal says which and till when', async () => {
    await applied('desk', policy('desk-quota', 'desk', { payload: 5_000, quota: { calls: { day: 100 } } }));
    const { spent, total, over } = await spendAll('desk');
    expect(total).toBe(100);
    expect(Math.min(...Object.values(spent))).toBeGreaterThan(10);
    const refusal = over.get('edge-a');
    expect(refusal?.reason).toBe('the quota of 100 calls a day of policy desk-quota is used up');
    const midnight = 86_400_000 - (Date.now() % 86_400_000);
    expect(Math.abs((refusal?.retryAfter ?? 0) - midnight)).toBeLessThan(60_000);
    const records = await until('all is recorded', async () => {
      const all = (await readRecords(fabric)).filter(({ from }) => from.service === 'desk');
      return all.filter(({ code }) => code === 'OK').length === 100 ? all : undefined;
    });
    expect(
      records.filter(({ code }) => code === 'QUOTA_EXCEEDED').every(({ decision }) => decision === 'limited'),
    ).toBe(true);
  });

  it('quota - a registry that is killed in the middle gives out no more than the rest', async () => {
    await applied('risk', policy('risk-quota', 'risk', { payload: 5_000, quota: { calls: { day: 200 } } }));
    const { total } = await spendAll('risk', (calls) => {
      if (calls === 10 || calls === 60) process.kill(fabric.fabric.processes.registry as number, 'SIGKILL');
    });
    expect(total).toBeLessThanOrEqual(200);
    // Of what it was about to give when it was killed, nothing may have arrived.
    expect(total).toBeGreaterThan(100);
  });

  it('quota - bytes are those of requests and replies, with room for the largest reply', async () => {
    await applied(
      'bulk',
      policy('bulk-quota', 'bulk', { payload: 5_000, quota: { bytes: { day: 20_000 } } }),
    );
    const body = { body: 'x'.repeat(1_000) };
    let bytes = 0;
    for (;;) {
      const outcome = await tick('bulk', 'edge-a', body);
      if (outcome !== 'OK') {
        expect(outcome.reason).toMatch(/^the quota of 20000 bytes a day of policy bulk-quota is used up/);
        break;
      }
      bytes += JSON.stringify(body).length + JSON.stringify('edge-a').length;
    }
    expect(bytes).toBeLessThanOrEqual(20_000);
    expect(bytes).toBeGreaterThan(17_000);
  });

  it('quota - a site that is cut off spends its share and then refuses, saying why; calls without quotas go on', async () => {
    await applied(
      'trader',
      policy('trader-quota', 'trader', { payload: 5_000, quota: { calls: { day: 400 } } }),
    );
    await applied('free', policy('free', 'free', { payload: 5_000 }));
    expect(await tick('trader', 'edge-b')).toBe('OK');
    process.kill(hub, 'SIGSTOP');
    let spent = 0;
    let outcome = await tick('trader', 'edge-b');
    for (; outcome === 'OK'; spent += 1) outcome = await tick('trader', 'edge-b');
    // An eighth of the quota, but for the one that was spent before.
    expect(spent).toBe(49);
    expect(outcome).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      reason:
        'edge-b has spent its share of the quota of 400 calls a day of policy trader-quota, and cannot reach the registry for more',
    });
    for (let call = 0; call < 20; call += 1) expect(await tick('free', 'edge-b')).toBe('OK');
    process.kill(hub, 'SIGCONT');
    await until(
      'the site has a share again',
      async () => (await tick('trader', 'edge-b')) === 'OK' || undefined,
      { timeout: 30_000 },
    );
  });

  it('quota - a gateway that is killed loses its share, and no more is spent than there is', async () => {
    await applied(
      'batch',
      policy('batch-quota', 'batch', { payload: 5_000, quota: { calls: { day: 100 } } }),
    );
    let before = 0;
    for (; before < 5; before += 1) expect(await tick('batch', 'edge-a')).toBe('OK');
    process.kill(fabric.fabric.processes['gateway edge-a'] as number, 'SIGKILL');
    await until('the gateway is back', async () => (await tick('batch', 'edge-a')) === 'OK' || undefined, {
      timeout: 30_000,
    });
    const { total } = await spendAll('batch');
    expect(before + 1 + total).toBeLessThanOrEqual(100);
    expect(before + 1 + total).toBeGreaterThan(80);
  });

  it('limits - bytes per second are paid off before the next call, as long as the refusal says', async () => {
    await applied('stream', policy('stream', 'stream', { payload: 5_000, bytesPerSecond: 1_000 }));
    await until(
      'there is room',
      async () => (await tick('stream', 'edge-b', 'x'.repeat(3_000))) === 'OK' || undefined,
    );
    const refused = await tick('stream', 'edge-b');
    expect(refused).toMatchObject({ code: 'RATE_LIMITED' });
    const { reason = '', retryAfter = 0 } = refused as Refused;
    expect(reason).toMatch(/^over the bytes per second \(bytesPerSecond\) of policy stream; wait \d+ ms$/);
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(3_010);
    await until('the debt is paid', async () => (await tick('stream', 'edge-b')) === 'OK' || undefined);
  });
});
