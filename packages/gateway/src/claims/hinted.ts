import { type Logger, parseMessage } from '@causeway/protocol';
import type { ClaimsPusher } from './claims.ts';

/**
 * Takes claims that the registry tells ahead of the tables: a revocation then does not wait for them to be compiled, fetched
 * and stored. They are signed by the operator, and go the way of all claims: none that is older than the last. What is no
 * account's claims of a tenant here is dropped.
 */
export function takeHinted(options: {
  readonly data: Uint8Array;
  readonly tenants: readonly string[];
  readonly claims: Pick<ClaimsPusher, 'push'>;
  readonly logger: Logger;
}): void {
  const { data, tenants, claims, logger } = options;
  const { value } = parseMessage('Account', data);
  const said = value && subjectOf(value.jwt);
  if (value && said && tenants.includes(said.name)) claims.push(said.subject, value.jwt);
  else logger.warn({ bytes: data.length }, 'claims that are of no tenant here; dropped');
}

function subjectOf(jwt: string): { readonly subject: string; readonly name: string } | undefined {
  try {
    const body = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { sub, name } = JSON.parse(body) as { sub?: unknown; name?: unknown };
    const account = typeof sub === 'string' && /^A[A-Z2-7]{55}$/.test(sub);
    return account && typeof name === 'string' ? { subject: sub, name } : undefined;
  } catch {
    return undefined;
  }
}
