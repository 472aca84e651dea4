import { type Clock, decodeJson, type Logger } from '@causeway/protocol';
import type { NatsConnection } from 'nats';

/**
 * Pushes account claims to the site's own server, only ever newer ones: the server itself would take an old
 * claim and with it undo a revocation (ADR 0005).
 */
export interface ClaimsPusher {
  push(publicKey: string, jwt: string): void;
  close(): void;
}

const timeoutMs = 2_000;
const longestRetryMs = 5_000;

/** When a JWT was issued, in seconds since the epoch. */
function issuedAt(jwt: string): number {
  const payload = decodeJson(Buffer.from(jwt.split('.')[1] ?? '', 'base64url')) as { iat?: unknown };
  return typeof payload.iat === 'number' ? payload.iat : 0;
}

/** Creates the pusher on a connection of the gateway's system user. */
export function createClaimsPusher(options: {
  connection: NatsConnection;
  clock: Clock;
  logger: Logger;
}): ClaimsPusher {
  const { connection, clock, logger } = options;
  const inForce = new Map<string, number>();
  const wanted = new Map<string, { jwt: string; iat: number }>();
  let running = false;
  let closed = false;

  async function pushOne(publicKey: string, claim: { jwt: string; iat: number }): Promise<boolean> {
    try {
      const reply = await connection.request('$SYS.REQ.CLAIMS.UPDATE', claim.jwt, { timeout: timeoutMs });
      const answer = reply.json<{ error?: { description?: string } }>();
      if (answer.error) throw new Error(answer.error.description ?? 'claims refused');
      inForce.set(publicKey, claim.iat);
      if (wanted.get(publicKey) === claim) wanted.delete(publicKey);
      logger.info({ account: publicKey, iat: claim.iat }, 'account claims in force');
      return true;
    } catch (err) {
      logger.warn({ err, account: publicKey }, 'account claims not taken; trying again');
      return false;
    }
  }

  async function run(): Promise<void> {
    running = true;
    for (let wait = 100; wanted.size > 0 && !closed; ) {
      let done = true;
      for (const [publicKey, claim] of [...wanted]) done = (await pushOne(publicKey, claim)) && done;
      if (done) continue;
      await new Promise<void>((resolve) => clock.after(wait, resolve));
      wait = Math.min(longestRetryMs, wait * 2);
    }
    running = false;
  }

  return {
    push(publicKey, jwt) {
      const iat = issuedAt(jwt);
      const newest = Math.max(inForce.get(publicKey) ?? 0, wanted.get(publicKey)?.iat ?? 0);
      if (iat <= newest) return;
      wanted.set(publicKey, { jwt, iat });
      if (!running) void run();
    },
    close() {
      closed = true;
    },
  };
}
