import { openConsole, tailRecords } from '@causeway/fabric';
import type { AuditRecord } from '@causeway/protocol';
import { systemClock, systemRandom } from '@causeway/transport';
import type { TestFabric } from './fabric.ts';
import { silent as silentLogger } from './silent-logger.ts';

/** All records that the cloud's audit stream holds now, read as an ops console reads them. */
export async function readRecords(fabric: TestFabric, tenant = 'any'): Promise<AuditRecord[]> {
  const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const console = await openConsole(fabric.dir, fabric.admin, { tenant, from: 'beginning' }, ports);
  try {
    const records: AuditRecord[] = [];
    const reading = tailRecords(console, {
      record: (record) => records.push(record),
      damaged: (subject, problem) => {
        throw new Error(`damaged block on ${subject}: ${problem}`);
      },
    });
    await reading.caughtUp;
    await reading.stop();
    return records;
  } finally {
    await console.close();
  }
}
