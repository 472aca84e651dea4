import type { AnyAdminOperation } from './admin-desk.ts';
import { applyOperation } from './ops/apply.ts';
import { consoleOperation } from './ops/console.ts';
import { deleteOperation } from './ops/delete.ts';
import { explainOperation } from './ops/explain.ts';
import { getOperation } from './ops/get.ts';
import { inForceOperation } from './ops/in-force.ts';
import { inviteOperation, uninviteOperation } from './ops/invite.ts';
import { issueOperation } from './ops/issue.ts';
import { removeSiteOperation, revokeOperation, revokeSiteOperation } from './ops/revoke.ts';
import { rotateServiceOperation } from './ops/rotate-service.ts';
import { rotateSigningOperation } from './ops/rotate-signing.ts';
import { rotateSiteOperation } from './ops/rotate-site.ts';
import { statusOperation } from './ops/status.ts';
import { addTenantOperation, removeTenantOperation } from './ops/tenant.ts';

/** What administrators can ask for, by its last token in `admin.<tenant>.<admin>.<op>`. */
const makers = {
  'add-tenant': addTenantOperation,
  apply: applyOperation,
  console: consoleOperation,
  delete: deleteOperation,
  explain: explainOperation,
  get: getOperation,
  'in-force': inForceOperation,
  invite: inviteOperation,
  issue: issueOperation,
  'remove-site': removeSiteOperation,
  'remove-tenant': removeTenantOperation,
  revoke: revokeOperation,
  'revoke-site': revokeSiteOperation,
  'rotate-service': rotateServiceOperation,
  'rotate-signing': rotateSigningOperation,
  'rotate-site': rotateSiteOperation,
  status: statusOperation,
  uninvite: uninviteOperation,
} as const;

type All<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never;

/** The parts of the registry that the operations are made of, all together. */
export type OperationParts = All<Parameters<(typeof makers)[keyof typeof makers]>[0]>;

/** Makes them all. */
export function adminOperations(parts: OperationParts): Readonly<Record<string, AnyAdminOperation>> {
  return Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, make(parts)]));
}
