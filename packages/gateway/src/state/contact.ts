import { readFile } from 'node:fs/promises';
import { writeSecret } from '@causeway/identity';
import { type Clock, decodeJson, type Logger } from '@causeway/protocol';

/** When a site last heard from the registry: policies' `offline` leases run from there. */
export interface Contact {
  /** The registry has answered. */
  heard(): void;
  /** Milliseconds since it last did. */
  readonly silence: () => number;
}

/** The file is written at most this often; a gateway that is killed takes the silence for that much longer. */
const writeEveryMs = 60_000;

/** When that was, by this machine's clock; undefined where nothing of the sort is in the file. */
async function readHeard(file: string): Promise<number | undefined> {
  try {
    const { heard } = decodeJson(await readFile(file)) as { heard?: unknown };
    return typeof heard === 'number' ? heard : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Opens it. A gateway that starts again goes on from what the file says, or a restart would be a fresh lease; without
 * the file (a site that was never alone before) the lease begins now. While the process runs its monotonic clock
 * counts, across a restart this machine's; one that was set back counts as no time at all.
 */
export async function openContact(options: { file: string; clock: Clock; logger: Logger }): Promise<Contact> {
  const { file, clock, logger } = options;
  const before = await readHeard(file);
  const already = before === undefined ? 0 : Math.max(0, clock.now() - before);
  let heardAt = clock.monotonic() - already;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let failing = false;

  async function write(): Promise<void> {
    try {
      await writeSecret(file, `${JSON.stringify({ heard: Math.round(clock.now()) })}\n`);
      failing = false;
    } catch (err) {
      if (!failing) logger.warn({ err }, 'when the registry was heard last is not kept');
      failing = true;
    }
  }

  return {
    heard() {
      heardAt = clock.monotonic();
      if (heardAt - writtenAt < writeEveryMs) return;
      writtenAt = heardAt;
      void write();
    },
    silence: () => clock.monotonic() - heardAt,
  };
}
