import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { openTemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { until } from '../../../../test/support/until.ts';
import { openContact } from './contact.ts';

const open = (file: string, clock = manualClock()) => openContact({ file, clock, logger: silent });

test('contact - silence is counted from the last word of the registry, over restarts too', async () => {
  await using folder = await openTemporaryFolder('causeway-contact-');
  const file = path.join(folder.path, 'heard.json');
  const clock = manualClock();
  const contact = await open(file, clock);
  expect(contact.silence()).toBe(0);
  await clock.advance(5_000);
  expect(contact.silence()).toBe(5_000);
  contact.heard();
  expect(contact.silence()).toBe(0);
  const kept = await until('it is written', () => readFile(file, 'utf8').catch(() => undefined), {
    timeout: 5_000,
  });
  expect(JSON.parse(kept)).toEqual({ heard: clock.now() });

  const later = manualClock(clock.now() + 3_600_000);
  expect((await open(file, later)).silence()).toBe(3_600_000);
  const back = manualClock(clock.now() - 3_600_000);
  expect((await open(file, back)).silence()).toBe(0);
});

test('contact - without the file, or with one that says nothing, silence begins now', async () => {
  await using folder = await openTemporaryFolder('causeway-contact-');
  const file = path.join(folder.path, 'heard.json');
  for (const text of ['', '{', '[]', '{"heard":"long ago"}']) {
    await writeFile(file, text);
    expect((await open(file)).silence()).toBe(0);
  }
});
