import type { StreamMessage } from '@causeway/nats-server';
import { subjects } from '@causeway/protocol';
import { leavesRoom } from '../fair-share.ts';

/** Why a message that a site stored is not collected. */
export type CollectRefusal =
  | 'no record and no counter by its subject'
  | 'of another site'
  | 'of a tenant that the site does not have'
  | 'too large'
  | 'no value of a counter'
  | 'one name too many';

/** What of a site's stream comes into the cloud. */
export interface Admission {
  /** Why this message does not, or undefined where it does; its name is then known. */
  refusal(message: Pick<StreamMessage, 'subject' | 'data'>): CollectRefusal | undefined;
}

/**
 * Longest body in bytes. With its headers a message must fit into what the hub's server takes, 1 MiB; a block of
 * records has some more than 256 KiB at most.
 */
export const maxCollectedBytes = 900_000;

/**
 * How many subjects one site may have in the hub's streams: names are its to make up, and the hub keeps each of them
 * for ever, in memory too. A counter has some eight for each caller and endpoint; a chain of blocks has two. Tenants share
 * them: of one that makes many callers and endpoints the counters come to an end, and not those of the others.
 */
export const maxNames = { audit: 20_000, flow: 40_000 } as const;

/** What a stream of counters stores (NATS ADR-49), where it only ever grew; 40 digits are more than it can count. */
const counterPattern = /^\{"val":"\d{1,40}"\}$/;
const longestCounter = 64;
const decoder = new TextDecoder();

/** Tenant and site of a subject that a site may store under by the grammar. */
function namesIn(
  kind: 'audit' | 'flow',
  subject: string,
): { readonly tenant: string; readonly site: string } | undefined {
  if (kind === 'audit') return subjects.audit.parse(subject);
  return subjects.flow.parse(subject) ?? subjects.watermark.parse(subject);
}

function isCounter(body: Uint8Array): boolean {
  return body.length <= longestCounter && counterPattern.test(decoder.decode(body));
}

/**
 * Makes the admission of one site's stream. What is stored in the cloud stands under the site that it came from; here
 * it is seen to that it speaks of nobody else either: not of another site, nor of a tenant that is not at this one.
 */
export function createAdmission(options: {
  readonly site: string;
  readonly kind: 'audit' | 'flow';
  /** Whether a tenant is at the site, as the fabric's documents say. */
  readonly admits: (tenant: string) => boolean;
  /** Subjects that the cloud has of the site already. */
  readonly known: Iterable<string>;
}): Admission {
  const { site, kind, admits } = options;
  const known = new Set(options.known);
  const most = maxNames[kind];
  const ofTenant = new Map<string, number>();
  const count = (tenant: string) => ofTenant.set(tenant, (ofTenant.get(tenant) ?? 0) + 1);
  for (const subject of known) count(namesIn(kind, subject)?.tenant ?? '');
  return {
    refusal({ subject, data }) {
      const names = namesIn(kind, subject);
      if (!names) return 'no record and no counter by its subject';
      if (names.site !== site) return 'of another site';
      if (!admits(names.tenant)) return 'of a tenant that the site does not have';
      if (data.length > maxCollectedBytes) return 'too large';
      if (kind === 'flow' && !isCounter(data)) return 'no value of a counter';
      if (known.has(subject)) return undefined;
      if (!leavesRoom(ofTenant.get(names.tenant) ?? 0, known.size, most)) return 'one name too many';
      known.add(subject);
      count(names.tenant);
      return undefined;
    },
  };
}
