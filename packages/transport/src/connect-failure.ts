import { CausewayError } from '@causeway/protocol';
import { errors } from 'nats';

const certificateCodes = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

/** Says why a server could not be connected to, and what to do. The error as it came is the cause. */
export function connectFailure(error: unknown, servers: readonly string[]): CausewayError {
  const where = servers.join(', ');
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    const reason =
      `${where} refused the credentials (${error.message}); they are revoked, expired, or of another ` +
      'fabric or kind of connection: have new ones made with causeway service add';
    return new CausewayError('REVOKED', reason, { cause: error });
  }
  return new CausewayError('UNREACHABLE', `cannot connect to ${where}: ${explain(error)}`, { cause: error });
}

function explain(error: unknown): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof errors.TimeoutError) {
    return 'no answer in time; is it a NATS server that speaks TLS from the first byte (tls { handshake_first: true })?';
  }
  if (code === 'ECONNREFUSED') return 'nothing listens there; is the server running, and the port right?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host; check the name';
  if (code !== undefined && certificateCodes.has(code)) {
    return `its certificate does not come from the given CA (${code}); use the ca file of that fabric`;
  }
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired; renew it at the server';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name: ${message}`;
  if (code === 'EPROTO' || code?.startsWith('ERR_SSL')) {
    return `it does not speak TLS from the first byte (${code}); the server needs tls { handshake_first: true }`;
  }
  return code && !message.includes(code) ? `${message} (${code})` : message;
}

function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return undefined;
}
