import { errors } from 'nats';

// What a package may say about NATS without depending on it.
export type { Msg, MsgHdrs, NatsConnection, Status } from 'nats';

/** What the server refused, where `error` is a permission violation; undefined where it is another error. */
export function permissionViolation(
  error: unknown,
): { readonly operation: 'publish' | 'subscription'; readonly subject: string } | undefined {
  if (!(error instanceof errors.PermissionViolationError)) return undefined;
  const { operation, subject } = error;
  return operation === 'publish' || operation === 'subscription' ? { operation, subject } : undefined;
}
