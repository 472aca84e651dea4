import { openConsole, tailRecords } from '@causeway/fabric';
import type { AdminRecord, AuditRecord } from '@causeway/protocol';
import { systemClock, systemRandom } from '@causeway/transport';
import type { TestFabric } from './fabric.ts';
import { silent as silentLogger } from './silent-logger.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };

async function readAll(fabric: TestFabric, tenant: string, admin: TestFabric['admin']) {
  const console = await openConsole(fabric.dir, admin, { tenant, from: 'beginning' }, ports);
  try {
    const records: AuditRecord[] = [];
    const acts: AdminRecord[] = [];
    const reading = tailRecords(console, {
      record: (record) => records.push(record),
      act: (record) => acts.push(record),
      damaged: (subject, problem) => {
        throw new Error(`damaged block on ${subject}: ${problem}`);
      },
    });
    await reading.caughtUp;
    await reading.stop();
    return { records, acts };
  } finally {
    await console.close();
  }
}

/** All records of calls that the cloud's audit stream holds now, read as an ops console reads them. */
export async function readRecords(fabric: TestFabric, tenant = 'any'): Promise<AuditRecord[]> {
  return (await readAll(fabric, tenant, fabric.admin)).records;
}

/** Likewise of administrators' acts. */
export async function readActs(
  fabric: TestFabric,
  tenant: string,
  admin = fabric.admin,
): Promise<AdminRecord[]> {
  return (await readAll(fabric, tenant, admin)).acts;
}
