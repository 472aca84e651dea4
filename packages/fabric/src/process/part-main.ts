/**
 * The program of one part, `registry DIR` or `gateway DIR SITE`, as a child of `up`: says over the channel to
 * its parent when it is ready, and ends with it.
 */
import { createLogger, systemClock, systemRandom } from '@causeway/transport';
import { startFabricRegistry, startSiteGateway } from '../parts/parts.ts';

const [kind, dir = '', site = ''] = process.argv.slice(2);
const logger = createLogger({ component: kind ?? 'part', level: 'info' });
const ports = { clock: systemClock, random: systemRandom, logger };

/** Whose parent is gone before it is ready must not stay behind. */
const leave = () => process.exit(1);
process.on('disconnect', leave);
if (process.send && !process.connected) leave();

try {
  const part =
    kind === 'registry' ? await startFabricRegistry(dir, ports) : await startSiteGateway(dir, site, ports);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    part.stop().then(
      () => process.exit(0),
      (err: unknown) => {
        logger.error({ err }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.off('disconnect', leave);
  process.on('disconnect', stop);
  process.send?.({ ready: true });
} catch (err) {
  logger.error({ err }, 'could not start');
  // Connections that are open already would keep the process.
  if (process.send) process.send({ failed: (err as Error).message }, () => process.exit(1));
  else process.exit(1);
}
