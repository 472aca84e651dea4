import { Writable } from 'node:stream';
import { runDemo } from '@causeway/demo';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { readRecords } from '../support/records.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

/** An output that is no terminal, and what was written to it. */
function captured() {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return { output: stream as unknown as NodeJS.WriteStream, text: () => text };
}

const ports = { clock: systemClock, random: systemRandom, logger: silent };

/** How often each access must be recorded in one run: caller, endpoint, serving site and outcome. */
const perRound: readonly [from: string, to: string, site: string, code: string, times: number][] = [
  ['cloud/report', 'quotes.latest', 'edge-a', 'OK', 1],
  ['edge-a/trader', 'risk.volatility', 'cloud', 'OK', 1],
  ['cloud/risk', 'quotes.history', 'edge-a', 'OK', 6],
  ['edge-a/trader', 'positions.value', 'edge-b', 'OK', 1],
  ['edge-b/desk', 'quotes.latest', 'edge-a', 'OK', 6],
  ['edge-a/trader', 'quotes.history', 'edge-a', 'OK', 1],
  ['cloud/report', 'risk.valueAtRisk', 'cloud', 'OK', 1],
  ['edge-b/intern', 'quotes.latest', 'edge-a', 'NO_ROUTE', 1],
  ['edge-b/desk', 'quotes.history', 'edge-a', 'DENIED', 1],
  ['edge-a/trader', 'quotes.latest', 'edge-a', 'INVALID_REQUEST', 1],
];

/** What the screen must show of each scene. */
const shown = [
  /^call {2}cloud → A +report → quotes\.latest@edge-a +OK MSFT 28\.80 /m,
  /^call {2}A → cloud +trader → risk\.volatility@cloud +OK MSFT 34\.4%/m,
  /^call {2}A → B +trader → positions\.value@edge-b +OK \$304,248 /m,
  /^call {2}B → A +desk → quotes\.latest@edge-a +OK /m,
  /^call {2}inside A +trader → quotes\.history@edge-a +OK MSFT 15 prices/m,
  /^call {2}inside cloud report → risk\.valueAtRisk@cloud +OK VaR \$/m,
  /^call {2}B → A +intern → quotes\.latest@edge-a +NO_ROUTE /m,
  /^call {2}B → A +desk → quotes\.history@edge-a +DENIED /m,
  /^call {2}inside A +trader → quotes\.latest@edge-a +INVALID_REQUEST .*\n.*\/symbol/m,
  /^call {2}inside A +ticker → quotes\.latest@edge-a +(?:\d+× )?RATE_LIMITED [^(]*\(retryAfter \d+ ms\)/m,
  /^audit [\d:]+ edge-a edge-b\/intern → quotes\.v1\.latest +denied NO_ROUTE *\n +DENIED: no policy allows/m,
  /^site {2}edge-a .*serves quotes\.v1/m,
  /^count edge-a\/trader → quotes\.v1 /m,
  /one record of the same\s+outcome: (\d+) of \1\n/,
  /^yes {3}counters = recount: yes \(\d+ counters/m,
  /^yes {3}chains verified: yes \(4 chains/m,
];

describe('demo', () => {
  let fabric: TestFabric;
  beforeAll(async () => {
    fabric = await startTestFabric();
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  it('demo - once: every call ends as it must, is shown, recorded and counted', {
    timeout: 180_000,
  }, async () => {
    const { output, text } = captured();
    const { signal } = new AbortController();
    const outcome = await runDemo({ fabric: fabric.fabric, once: true, signal, output, ...ports });
    expect(outcome, text()).toEqual({ ok: true });

    for (const line of shown) expect(text()).toMatch(line);
    expect(
      text()
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
    // No colours and no cursor movements where there is no terminal.
    expect(text()).not.toContain('\u001b');

    const records = (await readRecords(fabric)).filter(({ trace }) => trace !== undefined);
    for (const [from, to, site, code, times] of perRound) {
      const found = records.filter(
        (record) =>
          `${record.from.site}/${record.from.service}` === from &&
          `${record.to.service}.${record.to.endpoint}` === to &&
          record.site === site &&
          record.code === code,
      );
      expect(found, `${from} → ${to} ${code}`).toHaveLength(3 * times);
    }
    const ticks = records.filter((record) => record.from.service === 'ticker');
    expect(new Set(ticks.map(({ code }) => code))).toEqual(new Set(['OK', 'RATE_LIMITED']));
    expect(ticks).toHaveLength(36);
  });

  it('demo - until the signal: goes on calling, and leaves no process behind', {
    timeout: 120_000,
  }, async () => {
    const { output, text } = captured();
    const end = new AbortController();
    const running = runDemo({ fabric: fabric.fabric, once: false, signal: end.signal, output, ...ports });
    await until('all kinds of calls were shown', () => /RATE_LIMITED/.test(text()), { timeout: 60_000 });
    end.abort();
    expect(await running).toEqual({ ok: true });
    const instances = async () => (await fabric.admin.get('instances')).items;
    await until('the services are gone', async () =>
      (await instances()).every((each) => each.instances === 0),
    );
  });

  it('demo - a fabric with one edge is refused in words', async () => {
    const { output } = captured();
    const { signal } = new AbortController();
    const summary = { ...fabric.fabric.summary, sites: fabric.fabric.summary.sites.slice(0, 2) };
    const small = { ...fabric.fabric, summary };
    await expect(runDemo({ fabric: small, once: true, signal, output, ...ports })).rejects.toThrow(
      'the demonstration needs two edge sites and a tenant; this fabric has the sites cloud, edge-a',
    );
  });
});
