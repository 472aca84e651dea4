import { sealFor } from '@causeway/identity';
import { createTokenBucket } from '@causeway/policy';
import {
  CausewayError,
  type Clock,
  isToken,
  type Logger,
  parseMessage,
  type Random,
  subjects,
} from '@causeway/protocol';
import { rateLimitedLogger } from '@causeway/transport';
import type { Msg, NatsConnection } from 'nats';
import { answerWith } from '../reply.ts';
import type { Invitations } from './invitations.ts';
import type { Redemption } from './redemption.ts';

/** Requests of one grant, and of all: checking a proof costs some 0.2 ms, signing a site in some 20 ms. */
const perGrant = { rate: 2, burst: 10 };
const overall = { rate: 20, burst: 100 };
/** Grants that are told apart; beyond that the bound of all holds them. */
const mostGrants = 1_000;
const mostBytes = 256 * 1024;
const purgeEveryMs = 30_000;

/**
 * Serves `enroll.<grant>`: sites that were invited and join. Whoever has a grant's JWT can ask, so nothing is told to
 * one who does not show its secret, and answers are sealed for the one who did.
 */
export function createEnrollDesk(options: {
  connection: NatsConnection;
  invitations: Pick<Invitations, 'purge'>;
  redemption: Redemption;
  clock: Clock;
  random: Random;
  logger: Logger;
}): { close(): void } {
  const { connection, invitations, redemption, clock, random } = options;
  const logger = rateLimitedLogger(options.logger, clock, { lines: 60, periodMs: 60_000 });
  const bucket = (bounds: { rate: number; burst: number }) =>
    createTokenBucket({ ...bounds, now: clock.monotonic() });
  const all = bucket(overall);
  const grants = new Map<string, ReturnType<typeof bucket>>();

  function admit(grant: string): void {
    const now = clock.monotonic();
    const own = grants.get(grant) ?? bucket(perGrant);
    if (!grants.has(grant) && grants.size < mostGrants) grants.set(grant, own);
    const retryAfter = own.take(now) || all.take(now);
    if (retryAfter === 0) return;
    throw new CausewayError('OVERLOADED', 'too many tries with this invitation; wait, and try again', {
      retryAfter,
    });
  }

  async function answer(grant: string, body: Uint8Array): Promise<object> {
    admit(grant);
    if (body.length > mostBytes) {
      throw new CausewayError(
        'PAYLOAD_TOO_LARGE',
        `the request has ${body.length} bytes; ${mostBytes} are taken`,
      );
    }
    const parsed = parseMessage('EnrollRequest', body);
    if (parsed.fault) {
      const { pointer, problem } = parsed.fault;
      throw new CausewayError('INVALID_REQUEST', `EnrollRequest${pointer} ${problem}`, { pointer });
    }
    const enrolled = await redemption.redeem(grant, parsed.value);
    logger.info({ site: enrolled.site, grant }, 'site joined');
    return sealFor(parsed.value.answerTo, JSON.stringify(enrolled), random);
  }

  function onMessage(message: Msg): void {
    const grant = subjects.enroll.parse(message.subject)?.grant;
    const inbox = subjects.enrollInbox.parse(message.reply ?? '');
    if (grant === undefined || inbox?.grant !== grant || !isToken(inbox.token)) {
      logger.warn({ shown: message.subject }, 'enroll message without an inbox of its sender; dropped');
      return;
    }
    void answerWith(
      connection,
      message.reply as string,
      answer(grant, message.data),
      logger.child({ grant }),
    );
  }

  const subscription = connection.subscribe('enroll.*', {
    callback: (err, message) => {
      if (err) logger.error({ err }, 'enroll subscription refused');
      else onMessage(message);
    },
  });
  const stopPurge = clock.every(purgeEveryMs, () => {
    grants.clear();
    invitations
      .purge()
      .catch((err: unknown) => logger.warn({ err }, 'expired invitations not cleared away yet'));
  });
  return {
    close() {
      stopPurge();
      subscription.unsubscribe();
    },
  };
}
