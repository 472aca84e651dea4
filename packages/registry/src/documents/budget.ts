import { CausewayError } from '@causeway/protocol';

/** Bytes of JSON that documents may have. */
export interface DocumentLimits {
  /** APIs, policies and identities of one tenant. */
  readonly tenantBytes: number;
  /** Those of all tenants: what is left is for accounts, so that revoking always works. */
  readonly allBytes: number;
}

/** The bucket keeps so many changes of each document. */
const history = 8;

/** For a bucket of this size. */
export function documentLimits(bucketBytes: number): DocumentLimits {
  const allBytes = Math.floor((bucketBytes * 0.8) / history);
  return { tenantBytes: Math.min(32 * 1024 ** 2, Math.floor(allBytes / 2)), allBytes };
}

/** A document with its size, as the store holds it. */
export interface SizedDocument {
  /** Undefined for what no tenant makes: sites and accounts. */
  readonly tenant: string | undefined;
  readonly bytes: number;
}

/** What tenants have written, kept in step with the store. */
export interface DocumentBudget {
  /** Counts a document in place of the one that was there. */
  replace(before: SizedDocument | undefined, after: SizedDocument | undefined): void;
  /** Throws PAYLOAD_TOO_LARGE where these changes go beyond a limit. What shrinks is always taken. */
  require(changes: readonly { before: SizedDocument | undefined; after: SizedDocument | undefined }[]): void;
}

/** Creates an empty budget. */
export function createDocumentBudget(limits: DocumentLimits): DocumentBudget {
  const tenants = new Map<string, number>();
  let all = 0;

  function add(document: SizedDocument | undefined, sign: 1 | -1): void {
    if (document?.tenant === undefined) return;
    all += sign * document.bytes;
    tenants.set(document.tenant, (tenants.get(document.tenant) ?? 0) + sign * document.bytes);
  }

  return {
    replace(before, after) {
      add(before, -1);
      add(after, 1);
    },
    require(changes) {
      const growth = new Map<string, number>();
      for (const { before, after } of changes) {
        const tenant = (after ?? before)?.tenant;
        if (tenant === undefined) continue;
        const grown = (after?.bytes ?? 0) - (before?.bytes ?? 0);
        growth.set(tenant, (growth.get(tenant) ?? 0) + grown);
      }
      const total = [...growth.values()].reduce((sum, grown) => sum + grown, 0);
      for (const [tenant, grown] of growth) {
        if (grown <= 0) continue;
        const bytes = (tenants.get(tenant) ?? 0) + grown;
        if (bytes > limits.tenantBytes) {
          throw new CausewayError(
            'PAYLOAD_TOO_LARGE',
            `APIs, policies and identities of tenant ${tenant} would have ${bytes} bytes; ${limits.tenantBytes} are taken`,
          );
        }
        if (all + total > limits.allBytes) {
          throw new CausewayError(
            'PAYLOAD_TOO_LARGE',
            `APIs, policies and identities of all tenants would have ${all + total} bytes; ${limits.allBytes} are taken`,
          );
        }
      }
    },
  };
}
