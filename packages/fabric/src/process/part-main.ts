/** The program of one part, `registry DIR` or `gateway DIR SITE`, as a child of `up`. */
import { createLogger, runProgram, systemClock, systemRandom } from '@causeway/transport';
import { startFabricRegistry, startSiteGateway } from '../parts/parts.ts';

const [kind, dir = '', site = ''] = process.argv.slice(2);
const logger = createLogger({ component: kind ?? 'part', level: 'info' });
const ports = { clock: systemClock, random: systemRandom, logger };

await runProgram(logger, () =>
  kind === 'registry' ? startFabricRegistry(dir, ports) : startSiteGateway(dir, site, ports),
);
