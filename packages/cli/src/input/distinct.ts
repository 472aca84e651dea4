import { CommandFailure } from '../failure.ts';
import type { SourceDocument } from './parse-documents.ts';

/** What tells one document from another, as far as its file says so. */
function identityOf(value: Readonly<Record<string, unknown>>): string | undefined {
  const { kind, tenant, site, name, service, version } = value;
  if (kind === 'policy' && typeof name === 'string') return JSON.stringify([kind, tenant, name]);
  if (kind === 'service' && typeof name === 'string') return JSON.stringify([kind, tenant, site, name]);
  if (kind === 'site' && typeof name === 'string') return JSON.stringify([kind, name]);
  if (kind !== 'api' || typeof service !== 'string' || typeof version !== 'string') return undefined;
  return JSON.stringify([kind, tenant, service, version.split('.')[0]]);
}

/** Throws where two documents are the same one, written twice: both places are named. */
export function requireDistinct(
  documents: readonly Readonly<Record<string, unknown>>[],
  sources: readonly SourceDocument[],
): void {
  const first = new Map<string, SourceDocument>();
  const faults: string[] = [];
  for (const [index, document] of documents.entries()) {
    const source = sources[index];
    const identity = identityOf(document);
    if (!source || identity === undefined) continue;
    const other = first.get(identity);
    if (other === undefined) {
      first.set(identity, source);
      continue;
    }
    const { kind, name, service, version } = document;
    const what = kind === 'api' ? `API ${service}.v${String(version).split('.')[0]}` : `${kind} ${name}`;
    faults.push(`${source.place('')}: ${what} is there twice: it stands at ${other.place('')}, too`);
  }
  if (faults.length > 0) throw new CommandFailure(faults.join('\ncauseway: '));
}
