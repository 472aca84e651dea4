import type { AdminClient } from '@causeway/fabric';
import { type ApplyReply, type ApplyRequest, CausewayError } from '@causeway/protocol';
import { CommandFailure } from '../failure.ts';

/** Documents of one request: it is one batch of 1,000 messages, with the records of it. */
const mostDocuments = 900;
/** A message of the broker holds 1 MB; some of it is not ours. */
const mostBytes = 900_000;

type Document = Readonly<Record<string, unknown>>;

/** What there is of the reply to all parts. */
export type PartsReply = Required<Pick<ApplyReply, 'revision' | 'since' | 'changes' | 'warnings'>> &
  Pick<ApplyReply, 'access'>;

/** What is asked of each part alike. */
export type PartsRequest = Omit<ApplyRequest, 'documents' | 'dryRun'>;

/** Manifests first, then policies by what they are about: the fewer parts concern an API, the less often it is sent out. */
function orderOf({ kind, to }: Document): string {
  const service = typeof to === 'object' && to !== null && 'service' in to ? to.service : '';
  return kind === 'api' ? '' : ` ${typeof service === 'string' ? service : ''}`;
}

/** Divides documents into parts that fit a request each; as the places of their documents in the list. */
export function partsOf(documents: readonly Document[]): number[][] {
  const sizes = documents.map((document) => Buffer.byteLength(JSON.stringify(document)) + 1);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const places = documents.map((_, place) => place);
  // What fits one request stays as it was written.
  if (documents.length <= mostDocuments && total <= mostBytes) return [places];
  const orders = documents.map(orderOf);
  places.sort((a, b) => compare(orders[a] ?? '', orders[b] ?? '') || a - b);
  const parts: number[][] = [];
  let [part, bytes]: [number[], number] = [[], 0];
  for (const place of places) {
    const size = sizes[place] ?? 0;
    if (part.length > 0 && (part.length === mostDocuments || bytes + size > mostBytes)) {
      parts.push(part);
      [part, bytes] = [[], 0];
    }
    part.push(place);
    bytes += size;
  }
  return [...parts, part];
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Applies any number of documents, in as many requests as they take: each of them all or nothing. Where there are several,
 * all are checked before the first is applied, and nothing is said of access, which is about all of them. Rejects with the
 * registry's error, whose place is one in the whole list; with a CommandFailure where a set takes several requests, and where
 * some were applied already: it says how many stand.
 */
export async function applyInParts(
  admin: Pick<AdminClient, 'apply'>,
  documents: readonly Document[],
  options: {
    readonly dryRun: boolean;
    readonly request?: PartsRequest;
    readonly onProgress: (text: string) => void;
  },
): Promise<PartsReply> {
  const { dryRun, onProgress, request = {} } = options;
  const parts = partsOf(documents);
  const all = documents.length;
  if (parts.length > 1 && request.set !== undefined) {
    throw new CommandFailure(
      `set ${request.set} would have ${all} documents that take ${parts.length} requests; a set has to fit one: at most ` +
        `${mostDocuments} documents and ${mostBytes} bytes of JSON. Divide it into several sets`,
    );
  }
  const asked = parts.length > 1 ? { ...request, access: false } : request;

  async function each(what: 'checked' | 'applied'): Promise<PartsReply> {
    const changes: ApplyReply['changes'] = [];
    const warnings: PartsReply['warnings'] = [];
    let [revision, since, done] = [0, Number.POSITIVE_INFINITY, 0];
    let access: ApplyReply['access'];
    for (const places of parts) {
      const some = places.map((place) => documents[place] as Document);
      const reply = await admin
        .apply(some, { ...asked, dryRun: what === 'checked' })
        .catch((error: unknown) => {
          const placed = inWhole(error, places);
          throw done > 0 && what === 'applied' ? unfinished(placed, done, all, revision) : placed;
        });
      for (const [index, change] of reply.changes.entries()) {
        // What is pruned was not written anywhere: it comes after all that was.
        changes[places[index] ?? all + index - places.length] = change;
      }
      access = reply.access;
      for (const { pointer, problem } of reply.warnings ?? []) {
        warnings.push({ pointer: pointerInWhole(pointer, places), problem });
      }
      revision = Math.max(revision, reply.revision);
      since = Math.min(since, reply.since ?? reply.revision);
      done += some.length;
      if (parts.length > 1) onProgress(`${done} of ${all} documents ${what}`);
    }
    return { revision, since, changes, warnings, ...(access ? { access } : {}) };
  }

  if (parts.length > 1 && !dryRun) await each('checked');
  return each(dryRun ? 'checked' : 'applied');
}

const documentPlace = /^\/documents\/(\d+)(.*)$/s;

function pointerInWhole(pointer: string, places: readonly number[]): string {
  const [, index = '', rest = ''] = documentPlace.exec(pointer) ?? [];
  const place = index === '' ? undefined : places[Number(index)];
  return place === undefined ? pointer : `/documents/${place}${rest}`;
}

/** The registry's error on a part, as one on the whole. */
function inWhole(error: unknown, places: readonly number[]): unknown {
  if (!(error instanceof CausewayError) || error.pointer === undefined) return error;
  const [, index = ''] = documentPlace.exec(error.pointer) ?? [];
  if (index === '') return error;
  const { code, pointer, reason, differences } = error;
  const said = reason.replaceAll(
    new RegExp(`/documents/${index}(?!\\d)`, 'g'),
    pointerInWhole(`/documents/${index}`, places),
  );
  return new CausewayError(code, said, {
    pointer: pointerInWhole(pointer, places),
    ...(differences === undefined ? {} : { differences }),
    cause: error,
  });
}

function unfinished(error: unknown, done: number, all: number, revision: number): unknown {
  if (!(error instanceof CausewayError)) return error;
  return new CommandFailure(
    `${error.code}: ${error.reason}; ${done} of ${all} documents stand as of revision ${revision}, the others do not. ` +
      'The same apply again goes on from there',
    { cause: error },
  );
}
