import { setTimeout as delay } from 'node:timers/promises';
import { openConsole, tailRecords } from '@causeway/fabric';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { faultsOf, none } from './support/ledger.ts';
import { type LinkProxy, proxyLink } from './support/link-proxy.ts';
import { countCodes, startLoad } from './support/load.ts';
import { type FaultScene, startFaultScene } from './support/scene.ts';

const stallMs = 6_000;
const cutMs = 15_000;

describe('link', { timeout: 180_000 }, () => {
  let scene: FaultScene;
  let proxy: LinkProxy;
  beforeAll(async () => {
    scene = await startFaultScene();
    proxy = await proxyLink(scene.fabric.dir, 'edge-a');
    await scene.healed();
  }, 90_000);
  afterAll(async () => {
    await scene?.close();
    await proxy?.close();
  });

  it('link - one that stalls without closing: nothing runs after its caller gave up, and callers learn fast', async () => {
    const before = scene.served.length;
    const load = startLoad(scene.lanes(50, { timeout: 1_000 }));
    await until('calls go through', () => load.calls.length > 100);
    proxy.stall();
    const stalled = performance.now();
    await delay(stallMs);
    proxy.resume();
    const resumed = performance.now();
    await scene.healed();
    const calls = await load.stop();
    const late = scene.served.slice(before).filter(({ at, deadline }) => at > deadline);
    process.stdout.write(`link: stalled: ${JSON.stringify(countCodes(calls))}, ${late.length} late\n`);
    expect(late).toEqual([]);
    const across = calls.filter(({ lane, begun }) => / to /.test(lane) && begun > stalled && begun < resumed);
    expect(Math.max(...across.map(({ ms }) => ms))).toBeLessThan(1_500);
    // Once it is known, they are told at once; a few calls go on trying.
    const thereafter = across
      .filter(({ begun }) => begun > stalled + 2_500)
      .map(({ ms }) => ms)
      .sort((a, b) => a - b);
    expect(thereafter[Math.floor(thereafter.length / 2)]).toBeLessThan(100);
    const inside = calls.filter(({ lane }) => /inside/.test(lane));
    expect(countCodes(inside)).toEqual({ OK: inside.length });
    expect(faultsOf(await scene.settled(calls))).toEqual(none);
  });

  it('link - one that is cut: the edge goes on, and the cloud has all of its records soon after', async () => {
    const records = 10_000;
    proxy.cut();
    const cut = performance.now();
    const load = startLoad(
      scene.lanes(records / (cutMs / 1_000)).filter(({ name }) => name === 'inside the edge'),
    );
    await until('enough calls were made while it was cut', () => load.calls.length >= records, {
      timeout: 60_000,
    });
    const calls = await load.stop();
    expect(performance.now() - cut).toBeGreaterThanOrEqual(cutMs);
    expect(countCodes(calls)).toEqual({ OK: calls.length });
    const ports = { clock: systemClock, random: systemRandom, logger: silent };
    const { dir, admin } = scene.fabric;
    const console = await openConsole(dir, admin, { tenant: 'any', from: 'now' }, ports);
    let heard = 0;
    const tail = tailRecords(console, {
      record({ site }) {
        if (site === 'edge-a' && heard === 0) heard = performance.now();
      },
      damaged() {},
    });
    await tail.caughtUp;
    const back = performance.now();
    proxy.resume();
    await until('the cloud has a first record', () => heard > 0, { timeout: 60_000 });
    const first = heard - back;
    await tail.stop();
    await console.close();
    const balance = await scene.settled(calls, 60_000);
    const all = performance.now() - back;
    process.stdout.write(
      `link: cut: ${calls.length} records, the first after ${Math.round(first)} ms, all after ${Math.round(all)} ms\n`,
    );
    expect(faultsOf(balance)).toEqual(none);
    // Generous: other tests run beside this one.
    expect(first).toBeLessThan(30_000);
    expect(all).toBeLessThan(60_000);
  });
});
