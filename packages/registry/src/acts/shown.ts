import { createHash } from 'node:crypto';
import { canonicalJson } from '@causeway/policy';
import type { AnyDocument } from '../documents/store.ts';

/** Whole documents are recorded up to so many bytes of JSON; of larger ones what tells them apart. */
const mostBytes = 32_000;

/** What of a document may be read by whoever reads records: named fields alone, so that a new kind shows none by mistake. */
function publicPart(document: AnyDocument): object {
  switch (document.kind) {
    case 'api':
    case 'policy':
    case 'service':
    case 'set':
    case 'site':
      return document;
    case 'account': {
      const { kind, name, publicKey } = document;
      return { kind, name, publicKey, claims: digestOf(document.jwt) };
    }
    case 'control':
      return { kind: document.kind, publicKey: document.publicKey, claims: digestOf(document.jwt) };
    default: {
      const { kind, name } = document as { kind: string; name?: unknown };
      return { kind, ...(typeof name === 'string' ? { name } : {}), sha256: digestOf(document) };
    }
  }
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** A document as a record holds it: `before` and `after`. Never a seed, a token, or claims, which are keys to read by. */
export function shownDocument(document: AnyDocument | undefined): Record<string, unknown> | null {
  if (document === undefined) return null;
  const shown = publicPart(document) as Record<string, unknown>;
  const bytes = Buffer.byteLength(JSON.stringify(shown));
  if (bytes <= mostBytes) return shown;
  const named = ['kind', 'tenant', 'site', 'name', 'service', 'version'];
  const names = Object.fromEntries(
    named.flatMap((field) => (Object.hasOwn(shown, field) ? [[field, shown[field]]] : [])),
  );
  return { ...names, bytes, sha256: digestOf(shown) };
}
