import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock, systemRandom } from '@causeway/transport';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { fabricLayout } from '../layout.ts';
import { localPlan } from '../up/plan.ts';
import { foundFabric } from './found.ts';
import { bringUpToDate } from './up-to-date.ts';

test('up to date - a fabric from before CONTROL’s claims were kept gets them from its hub, once', async () => {
  const dir = path.join(await temporaryFolder(), 'fabric');
  const layout = fabricLayout(dir);
  await foundFabric(dir, await localPlan([], ['acme']), { clock: systemClock, random: systemRandom });
  const founded = await readFile(layout.bootstrap, 'utf8');
  await bringUpToDate(dir);
  expect(await readFile(layout.bootstrap, 'utf8')).toBe(founded);

  const { controlJwt, ...before } = JSON.parse(founded) as { controlJwt: string };
  await writeFile(layout.bootstrap, JSON.stringify(before));
  await bringUpToDate(dir);
  expect(JSON.parse(await readFile(layout.bootstrap, 'utf8'))).toEqual({ ...before, controlJwt });

  // Where the hub is elsewhere it is left as it is.
  await writeFile(layout.bootstrap, JSON.stringify(before));
  await rm(layout.site('cloud').nats, { recursive: true });
  await bringUpToDate(dir);
  expect(JSON.parse(await readFile(layout.bootstrap, 'utf8'))).toEqual(before);

  await writeFile(layout.bootstrap, '{');
  await expect(bringUpToDate(dir)).rejects.toThrow('is not JSON; restore it from a backup');
});
