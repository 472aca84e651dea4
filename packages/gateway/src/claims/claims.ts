import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeSecret } from '@causeway/identity';
import { type Clock, decodeJson, type Logger } from '@causeway/protocol';
import type { NatsConnection } from 'nats';

/**
 * Pushes account claims to the site's own server, only ever newer ones: the server itself would take an old
 * claim and with it undo a revocation (ADR 0005). What was pushed last is remembered in a file, since the server
 * cannot be asked; so an old claim is refused after a restart, too.
 */
export interface ClaimsPusher {
  /** Pushes unless an account's newer claims, or others of the same second, were pushed before. */
  push(publicKey: string, jwt: string): void;
  /** Resolves when the server has taken all that was pushed, or all for the account of one tenant. */
  settled(tenant?: string): Promise<void>;
  close(): void;
}

/** Of the cloud's gateway: the registry itself gives the hub its claims. */
export const cloudClaims: ClaimsPusher = { push() {}, settled: () => Promise.resolve(), close() {} };

interface Claim {
  readonly jwt: string;
  /** The account's name: its tenant's. */
  readonly name: string;
  readonly mark: Mark;
}

/** Tells claims apart: when they were issued, in seconds since the epoch, and the SHA-256 of the JWT in hex. */
interface Mark {
  readonly iat: number;
  readonly sha256: string;
}

const timeoutMs = 2_000;
const longestRetryMs = 5_000;

function claimOf(jwt: string): Claim {
  const { iat, name } = decodeJson(Buffer.from(jwt.split('.')[1] ?? '', 'base64url')) as {
    iat?: unknown;
    name?: unknown;
  };
  const sha256 = createHash('sha256').update(jwt).digest('hex');
  const mark = { iat: typeof iat === 'number' ? iat : 0, sha256 };
  return { jwt, name: typeof name === 'string' ? name : '', mark };
}

/** Reads the marks by account. Throws where the file is damaged: without it an old claim could come back. */
async function readMarks(file: string): Promise<Map<string, Mark>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, Mark>));
  } catch (cause) {
    throw new Error(`${file} is not JSON; delete it once the site has caught up with the cloud`, { cause });
  }
}

/** Creates the pusher on a connection of the gateway's system user; `file` keeps what it pushed. */
export async function createClaimsPusher(options: {
  connection: Pick<NatsConnection, 'request'>;
  file: string;
  clock: Clock;
  logger: Logger;
}): Promise<ClaimsPusher> {
  const { connection, file, clock, logger } = options;
  const marks = await readMarks(file);
  /** Accounts whose newest claims the server took since this gateway started. */
  const inForce = new Map<string, string>();
  const wanted = new Map<string, Claim>();
  let running = false;
  const waiting = new Set<{ tenant: string | undefined; resolve: () => void }>();
  let closed = false;

  const isSettled = (tenant: string | undefined) =>
    [...wanted.values()].every(({ name }) => tenant !== undefined && name !== tenant);

  async function pushOne(publicKey: string, claim: Claim): Promise<boolean> {
    try {
      // Remembered before it is pushed: whoever is killed in between, nothing older can follow it.
      await writeSecret(file, `${JSON.stringify(Object.fromEntries(marks), undefined, 2)}\n`);
      const reply = await connection.request('$SYS.REQ.CLAIMS.UPDATE', claim.jwt, { timeout: timeoutMs });
      const answer = reply.json<{ error?: { description?: string } }>();
      if (answer.error) throw new Error(answer.error.description ?? 'claims refused');
      inForce.set(publicKey, claim.mark.sha256);
      if (wanted.get(publicKey) === claim) wanted.delete(publicKey);
      for (const entry of waiting) {
        if (!isSettled(entry.tenant)) continue;
        waiting.delete(entry);
        entry.resolve();
      }
      logger.info({ account: publicKey, iat: claim.mark.iat }, 'account claims in force');
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
      for (const [publicKey, claim] of [...wanted]) {
        // A newer one may have come while others were on their way.
        if (wanted.get(publicKey) === claim) done = (await pushOne(publicKey, claim)) && done;
      }
      if (done) continue;
      await new Promise<void>((resolve) => clock.after(wait, resolve));
      wait = Math.min(longestRetryMs, wait * 2);
    }
    running = false;
  }

  return {
    push(publicKey, jwt) {
      const claim = claimOf(jwt);
      const { mark } = claim;
      const known = marks.get(publicKey);
      if (known && (mark.iat < known.iat || (mark.iat === known.iat && mark.sha256 !== known.sha256))) {
        logger.warn(
          { account: publicKey, iat: mark.iat, newest: known.iat },
          'older account claims left out',
        );
        return;
      }
      if (inForce.get(publicKey) === mark.sha256) return;
      marks.set(publicKey, mark);
      wanted.set(publicKey, claim);
      if (!running) void run();
    },
    settled: (tenant) =>
      isSettled(tenant)
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.add({ tenant, resolve });
          }),
    close() {
      closed = true;
    },
  };
}
