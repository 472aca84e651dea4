import { mkdir, readdir } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { accountOf, memoryDocuments, siteOf } from '../test-support.ts';
import { awaitRestored, leaveRestored, readRestored, requireSameBucket, takeInRestored } from './restored.ts';

const documents = [siteOf('cloud'), siteOf('edge-a'), accountOf('acme')];
let dir: string;
beforeEach(async () => {
  dir = await temporaryFolder();
  await mkdir(dir, { recursive: true });
});

describe('restored', () => {
  it('restored - what a backup held is put once, also where that was cut short, and then the bucket is known', async () => {
    await leaveRestored(dir, { revision: 41, documents });
    const restored = await readRestored(dir);
    expect(restored).toEqual({ from: 1_000_001, documents });
    const store = memoryDocuments([siteOf('cloud')]);
    await takeInRestored({ dir, store, created: 'now', restored });
    expect(store.puts).toEqual([documents.slice(1)]);
    expect(await readRestored(dir)).toBeUndefined();
    await requireSameBucket(dir, 'now');
    await expect(requireSameBucket(dir, 'later')).rejects.toThrow('causeway restore FILE --hub');
    // A restore makes another bucket the right one.
    await leaveRestored(dir, { revision: 1_000_044, documents });
    expect((await readRestored(dir))?.from).toBe(2_000_001);
    await requireSameBucket(dir, 'later');
  });

  it('restored - where a restore was begun nothing starts before its documents are there', async () => {
    await awaitRestored(dir);
    await expect(requireSameBucket(dir, 'now')).rejects.toThrow('a restore that was cut short');
    await leaveRestored(dir, { revision: 1, documents });
    await requireSameBucket(dir, 'now');
  });

  it('restored - a registry that was just founded has no bucket to miss', async () => {
    expect(await readRestored(dir)).toBeUndefined();
    await requireSameBucket(dir, 'now');
    await takeInRestored({ dir, store: memoryDocuments(), created: 'now', restored: undefined });
    expect(await readdir(dir)).toEqual(['documents.json']);
  });
});
