import type { Clock, Logger } from '@causeway/protocol';
import { type JwtAndSeed, type MovableConnection, type NatsConnection, readCreds } from '@causeway/transport';
import type { Link } from './link.ts';

/** The file is looked at this often, in ms. */
const everyMs = 1_000;

/**
 * Takes up credentials that were put in the place of those in use (`causeway rotate service`): it opens a second
 * connection with them, moves there, and lets the first finish, so that no call is lost when the old ones become void.
 * Those of somebody else are not taken up. The returned function ends it.
 */
export function followCredentials(options: {
  readonly creds: string | JwtAndSeed;
  readonly connection: MovableConnection;
  readonly link: Link;
  /** Opens a connection with what is in the file now. */
  readonly open: () => Promise<NatsConnection>;
  readonly clock: Clock;
  readonly logger: Logger;
}): () => void {
  const { creds, connection, link, open, clock, logger } = options;
  if (typeof creds !== 'string') return () => {};
  const file = creds;
  const read = () => {
    const { jwt, name, account, tags } = readCreds(file);
    return { jwt, holder: JSON.stringify([name, account, tags]) };
  };
  let inUse = read();
  let refused: string | undefined;
  let moving = false;
  let stopped = false;

  async function look(): Promise<void> {
    const found = read();
    if (found.jwt === inUse.jwt || found.jwt === refused) return;
    if (found.holder !== inUse.holder) {
      refused = found.jwt;
      logger.error(
        { file },
        'the file has the credentials of another service now; going on with the old ones',
      );
      return;
    }
    const next = await open();
    if (stopped) return void (await next.close());
    await connection.moveTo(next);
    inUse = found;
    // The old one may have been cut meanwhile, and its return is nobody's any more.
    if (!link.up) link.onStatus({ type: 'reconnect' });
    logger.info({ file }, 'moved to a connection with the new credentials');
  }

  const stop = clock.every(everyMs, () => {
    // A connection that comes back reads the file by itself.
    if (moving || !link.up) return;
    moving = true;
    look()
      .catch((err: unknown) => logger.warn({ err, file }, 'new credentials not taken up; trying again'))
      .finally(() => {
        moving = false;
      });
  });
  return () => {
    stopped = true;
    stop();
  };
}
