import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdDown } from './support/hold-down.ts';
import { faultsOf, none } from './support/ledger.ts';
import { countCodes, startLoad } from './support/load.ts';
import { type FaultScene, startFaultScene } from './support/scene.ts';

/** How long each part stays dead; the report of `npm run faults` has it at 10 s. */
const downMs = 3_000;

describe('kills', { timeout: 120_000 }, () => {
  let scene: FaultScene;
  beforeAll(async () => {
    scene = await startFaultScene();
  });
  afterAll(() => scene?.close());

  it.each(['server cloud', 'server edge-a', 'gateway edge-a', 'gateway cloud', 'registry'])(
    'kills - %s, dead for some seconds under load: every reply has its one record, and all comes back',
    async (name) => {
      const load = startLoad(scene.lanes(25));
      await holdDown(scene.fabric.dir, name, downMs);
      await scene.healed();
      const calls = await load.stop();
      const balance = await scene.settled(calls);
      process.stdout.write(`kills: ${name}: ${JSON.stringify(countCodes(calls))}\n`);
      expect(faultsOf(balance)).toEqual(none);
      expect(countCodes(calls).OK).toBeGreaterThan(calls.length / 4);
      if (name.endsWith('cloud') || name === 'registry') {
        // The edge does not need the cloud for what it does by itself.
        const inside = calls.filter(({ lane }) => lane === 'inside the edge');
        expect(countCodes(inside)).toEqual({ OK: inside.length });
      }
    },
  );
});
