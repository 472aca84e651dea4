import {
  createKeys,
  createServerRequest,
  type InvitationToken,
  openSealed,
  proveInvitation,
  sealingKeys,
} from '@causeway/identity';
import {
  CausewayError,
  type Clock,
  check,
  type Enrolled,
  type EnrollRequest,
  encodeJson,
  type Logger,
  type Random,
  readReply,
} from '@causeway/protocol';
import { signedPart } from '@causeway/registry';
import {
  connectNats,
  createReplyMux,
  createSigner,
  MuxError,
  type NatsConnection,
} from '@causeway/transport';
import { FabricError } from '../settings.ts';
import { publicHalves, type SiteKeys } from './joining-keys.ts';
import type { PinnedHub } from './pin-authority.ts';

/** What joining needs of the outside. */
export interface JoinPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Said before each step that may take a while. */
  readonly onProgress: (text: string) => void;
}

const requestMs = 5_000;
/** How long a registry that does not answer, or asks to wait, is asked again: it may be starting. */
const patienceMs = 45_000;
const pauseMs = 500;

/** The request of a site, with public keys alone, proved by the invitation's secret. */
async function requestOf(
  token: InvitationToken,
  keys: SiteKeys,
  hosts: readonly string[],
  certificateDays: number | undefined,
  answerTo: string,
): Promise<EnrollRequest> {
  const part = {
    keys: publicHalves(keys),
    certificate: await createServerRequest({ key: keys.server, hosts }),
    ...(certificateDays === undefined ? {} : { certificateDays }),
    answerTo,
  };
  const message = signedPart(part);
  const sign = (seed: string) => Buffer.from(createSigner(seed).sign(message)).toString('base64url');
  return {
    ...part,
    signatures: { account: sign(keys.account.seed), system: sign(keys.system.seed) },
    proof: proveInvitation(token.secret, message),
  };
}

async function connectAs(
  token: InvitationToken,
  grant: string,
  hub: PinnedHub,
  ports: JoinPorts,
): Promise<NatsConnection> {
  try {
    return await connectNats({
      ...{
        servers: hub.url,
        ca: hub.ca,
        name: `joining ${token.site}`,
        random: ports.random,
        logger: ports.logger,
      },
      inboxPrefix: `_INBOX.enroll.${grant}`,
      // The JWT is enough; its signature is not asked for, and the secret is for the registry alone.
      credentials: { jwt: token.jwt, seed: createKeys('user', ports.random).seed },
    });
  } catch (cause) {
    if (!(cause instanceof CausewayError) || cause.code !== 'REVOKED') throw cause;
    const until = new Date(token.expires).toISOString();
    throw new FabricError(
      `the hub at ${hub.url} does not admit this invitation of site ${token.site}: it was good until ${until}, and it is ` +
        `${new Date(ports.clock.now()).toISOString()} by this machine’s clock; have another made with causeway site invite ${token.site}`,
      { cause },
    );
  }
}

/**
 * Redeems an invitation at its hub. Asks again while the registry does not answer. Rejects with the registry's refusal, a
 * CausewayError; with UNREACHABLE it can be tried again with the same keys.
 */
export async function enroll(
  options: {
    token: InvitationToken;
    grant: string;
    hub: PinnedHub;
    keys: SiteKeys;
    hosts: readonly string[];
    certificateDays?: number | undefined;
    /** Told before the first request goes out: from then on the keys may be in use. */
    onAsk: () => void;
  },
  ports: JoinPorts,
): Promise<Enrolled> {
  const { token, grant, hub, keys, hosts, certificateDays } = options;
  const { clock, random, onProgress } = ports;
  const connection = await connectAs(token, grant, hub, ports);
  const mux = createReplyMux({ connection, prefix: `_INBOX.enroll.${grant}`, clock, random });
  const end = clock.monotonic() + patienceMs;
  options.onAsk();

  async function ask(): Promise<Enrolled> {
    const answerTo = sealingKeys();
    const request = await requestOf(token, keys, hosts, certificateDays, answerTo.publicKey);
    const reply = await mux
      .request(`enroll.${grant}`, encodeJson(request), { timeoutMs: requestMs })
      .catch((cause: unknown) => {
        if (!(cause instanceof MuxError)) throw cause;
        throw new CausewayError(
          'UNREACHABLE',
          'the registry does not answer; give the command again: it goes on with the same keys while the invitation is good',
          { cause },
        );
      });
    const sealed = readReply('EnrollReply', reply.data);
    if (sealed.fault)
      throw new FabricError('the registry’s answer is none that this version of Causeway knows');
    const opened = check('Enrolled', JSON.parse(openSealed(answerTo, sealed.value)));
    if (opened.fault) {
      throw new FabricError(
        `the registry’s answer${opened.fault.pointer} ${opened.fault.problem}; use the same version of Causeway`,
      );
    }
    return opened.value;
  }

  try {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const again = error instanceof CausewayError && error.retryable && clock.monotonic() < end;
        if (!again) throw error;
        onProgress(`waiting for the registry: ${error.reason}`);
        const wait = Math.max(pauseMs, error.toJSON().retryAfter ?? 0);
        await new Promise<void>((resolve) => clock.after(wait, resolve));
      }
    }
  } finally {
    mux.close();
    await connection.close();
  }
}
