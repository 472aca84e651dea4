// Loaded into the fabric's own processes by `--import` (see memory.ts): on a signal it says what is in use after a
// collection. Resident memory alone says how late V8 cleans up.
import { renameSync, writeFileSync } from 'node:fs';

const folder = process.env.CAUSEWAY_FUZZ_HEAP;
// Not in the helpers that ran before the processes that are looked at.
if (folder !== undefined && process.argv[1]?.includes('part-main')) {
  process.on('SIGUSR2', () => {
    // Twice: finalizers of the first let go of more.
    for (let round = 0; round < 2; round += 1) globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    const file = `${folder}/${process.pid}`;
    writeFileSync(`${file}.new`, JSON.stringify({ inUse: heapUsed + external, resident: rss }));
    renameSync(`${file}.new`, `${file}.json`);
  });
}
