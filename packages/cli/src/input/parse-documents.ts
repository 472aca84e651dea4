import { type Document, isCollection, isNode, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { type Piece, piecesOf } from './pieces.ts';

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

/** As the registry has it; the parser itself would run out of stack at some hundred. */
const mostLevels = 128;
/** Aliases may stand for so many nodes in all, times what they are written as. */
const mostAliases = 100;

/**
 * Parses YAML or JSON (which is YAML, too): any number of documents, each of which may be a list of documents.
 * Empty documents are passed over. What a parser would pass over in silence, a tag or a version that it does not
 * know, is a fault: the document would be another than the one that was written.
 */
export function parseDocuments(text: string, file: string): ParsedFile {
  const documents: SourceDocument[] = [];
  const faults: string[] = [];
  for (const piece of piecesOf(text)) {
    const before = documents.length;
    const parsed = parsePiece(piece, file);
    faults.push(...parsed.faults);
    for (const [index, { value, number, place }] of parsed.documents.entries()) {
      // What it was parsed from is many times as large as it: of many documents it is made again where it is asked for.
      const again = (pointer: string) => parsePiece(piece, file).documents[index]?.place(pointer) ?? file;
      documents.push({ value, file, number: before + number, place: piece.whole ? place : again });
    }
  }
  return { documents, faults };
}

function parsePiece({ text, line }: Piece, file: string): ParsedFile {
  const lines = new LineCounter();
  // A byte order mark is not part of the text.
  const parsed = parseAllDocuments(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
  });
  const documents: SourceDocument[] = [];
  const faults: string[] = [];
  const at = (offset: number) => {
    const found = lines.linePos(offset);
    return `${file}:${line + found.line}:${found.col}`;
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
    const [found] = [...document.errors, ...document.warnings];
    if (found) {
      faults.push(`${at(found.pos[0])}: ${wordsFor(found.code, found.message)}`);
      continue;
    }
    const knot = knotOf(document);
    if (knot) {
      faults.push(`${at(knot.offset)}: ${knot.problem}`);
      continue;
    }
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: mostAliases });
    } catch (cause) {
      const { message } = cause as Error;
      faults.push(`${at(document.range[0])}: ${/alias count/.test(message) ? bomb : message}`);
      continue;
    }
    const { contents } = document;
    if (value === null || value === undefined) continue;
    if (!Array.isArray(value)) take(value, contents);
    else for (const [index, item] of value.entries()) take(item, childOf(contents, String(index)));
  }
  return { documents, faults };
}

const tooDeep = `the document is nested more than ${mostLevels} levels deep`;
const bomb = `the aliases (*name) of the document stand for more than ${mostAliases} times of what is written; write it out, or divide it`;

/** The parser's words, and ours for what it says of itself. */
function wordsFor(code: string, message: string): string {
  if (code === 'RESOURCE_EXHAUSTION') return tooDeep;
  if (code === 'NON_STRING_KEY') return 'the name of a field is no text';
  return message.split('\n')[0] ?? code;
}

/** What whoever recurses over the value would not come back from: an alias inside what it stands for, endless depth. */
function knotOf(document: Document.Parsed): { offset: number; problem: string } | undefined {
  let knot: { offset: number; problem: string } | undefined;
  const found = (node: Node, problem: string) => {
    knot = { offset: node.range?.[0] ?? 0, problem };
    return visit.BREAK;
  };
  visit(document, {
    Alias(_, node, path) {
      const inside = path.some((each) => isNode(each) && 'anchor' in each && each.anchor === node.source);
      return inside ? found(node, `the alias *${node.source} stands inside what it stands for`) : undefined;
    },
    Collection: (_, node, path) =>
      path.filter(isCollection).length >= mostLevels ? found(node, tooDeep) : undefined,
  });
  return knot;
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
