import { type Document, isCollection, isNode, LineCounter, type Node, parseAllDocuments } from 'yaml';

/** A document that somebody wrote, and where it stands. */
export interface SourceDocument {
  readonly value: Readonly<Record<string, unknown>>;
  readonly file: string;
  /** Its number in the file, from 1. */
  readonly number: number;
  /** Where in the file the value is that a JSON pointer into the document names, or what is nearest: `FILE:LINE:COLUMN`. */
  place(pointer: string): string;
}

/** The documents of a file, and what is wrong with it, as lines for people. */
export interface ParsedFile {
  readonly documents: readonly SourceDocument[];
  readonly faults: readonly string[];
}

/**
 * Parses YAML or JSON (which is YAML, too): any number of documents, each of which may be a list of documents.
 * Empty documents are passed over.
 */
export function parseDocuments(text: string, file: string): ParsedFile {
  const lines = new LineCounter();
  // A byte order mark is not part of the text.
  const parsed = parseAllDocuments(text.replace(/^\uFEFF/, ''), { lineCounter: lines, prettyErrors: false });
  const documents: SourceDocument[] = [];
  const faults: string[] = [];
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };

  function take(value: unknown, node: unknown): void {
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const shown = JSON.stringify(value)?.slice(0, 40) ?? String(value);
      faults.push(`${at(start ?? 0)}: expected a document with fields such as kind, got ${shown}`);
      return;
    }
    documents.push({
      value: value as Record<string, unknown>,
      file,
      number: documents.length + 1,
      place: (pointer) => at(offsetOf(node, pointer) ?? start ?? 0),
    });
  }

  for (const document of Array.isArray(parsed) ? (parsed as Document.Parsed[]) : []) {
    const [error] = document.errors;
    if (error) {
      faults.push(`${at(error.pos[0])}: ${error.message.split('\n')[0]}`);
      continue;
    }
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 100 });
    } catch (cause) {
      faults.push(`${file}: ${(cause as Error).message}`);
      continue;
    }
    const { contents } = document;
    if (value === null || value === undefined) continue;
    if (!Array.isArray(value)) take(value, contents);
    else for (const [index, item] of value.entries()) take(item, childOf(contents, String(index)));
  }
  return { documents, faults };
}

function childOf(node: unknown, key: string): unknown {
  return isCollection(node) ? node.get(key, true) : undefined;
}

/** The offset of what a JSON pointer (RFC 6901) names; of the last thing on the way, where it names what is missing. */
function offsetOf(root: unknown, pointer: string): number | undefined {
  let node = root;
  for (const part of pointer.split('/').slice(1)) {
    const next = childOf(node, part.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (!isNode(next)) break;
    node = next;
  }
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
