import { chmod, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { writeSecret } from '@causeway/identity';
import { systemClock } from '@causeway/transport';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { fabricLayout } from '../layout.ts';
import { whileSettled } from './changing.ts';
import { takeLock } from './lock.ts';
import { holdPart, requireNoParts } from './part-lock.ts';

const newLayout = async () => fabricLayout(await temporaryFolder());

describe('part lock', () => {
  it('part lock - a part runs once, other parts beside it, and none that up runs', async () => {
    const layout = await newLayout();
    const hold = (name: string) => holdPart(layout.root, name, systemClock);
    const release = await hold('gateway-edge-a');
    await expect(hold('gateway-edge-a')).rejects.toThrow(
      `gateway-edge-a of this fabric runs already, as process ${process.pid}`,
    );
    const others = [await hold('hub'), await hold('site-edge-a')];
    await expect(requireNoParts(layout)).rejects.toThrow(
      /gateway-edge-a \(process \d+\), hub .*, site-edge-a /,
    );
    for (const each of [release, ...others]) await each();
    await requireNoParts(layout);

    const end = await takeLock(layout.lock);
    await expect(hold('hub')).rejects.toThrow(`this fabric is up, as process ${process.pid}`);
    await end();
    expect(await readdir(layout.run)).toEqual([]);
  });

  it('part lock - one that is started while the folder is changed waits for the end of that', async () => {
    const layout = await newLayout();
    const clock = manualClock();
    const { promise, resolve } = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const change = whileSettled(layout, async (isUp) => {
      expect(isUp).toBe(false);
      begun.resolve();
      await promise;
    });
    await begun.promise;
    let held = false;
    const holding = holdPart(layout.root, 'registry', clock).then((release) => {
      held = true;
      return release;
    });
    await expect.poll(() => clock.timers).toBe(1);
    expect(held).toBe(false);
    resolve();
    await change;
    await clock.advance(100);
    await (await holding)();
  });

  it.skipIf(process.platform === 'win32')(
    'part lock - a folder that up would refuse is refused',
    async () => {
      const layout = await newLayout();
      const next = path.join(layout.operator, 'next');
      await mkdir(next, { recursive: true });
      await expect(holdPart(layout.root, 'hub', systemClock)).rejects.toThrow(
        'finish it with causeway operator rotate',
      );
      const exposed = path.join(layout.registry, 'queue-secret');
      await writeSecret(exposed, 'x');
      await chmod(exposed, 0o644);
      await expect(holdPart(layout.root, 'hub', systemClock)).rejects.toThrow('others can read keys');
    },
  );
});
