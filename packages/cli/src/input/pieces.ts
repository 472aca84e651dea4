/** A part of a text that holds whole documents. */
export interface Piece {
  readonly text: string;
  /** Lines before it. */
  readonly line: number;
  /** Whether it is all there is. */
  readonly whole: boolean;
}

/** A text as long as this is taken as a whole: its parts are few. */
const short = 100_000;

/** Begins a document wherever it stands at the start of a line, also inside a text (YAML 1.2.2, 9.1.2: c-forbidden). */
const marker = /^---(?=\s|$)/gm;

/**
 * Divides a long text at its document markers, so that it need not be parsed at once: the parser takes some hundred
 * times the memory of what it reads. A text with directives stays whole, for they are about what follows them.
 */
export function piecesOf(text: string): Piece[] {
  if (text.length <= short || /^%/m.test(text)) return [{ text, line: 0, whole: true }];
  const pieces: Piece[] = [];
  let [from, line] = [0, 0];
  for (const { index } of text.matchAll(marker)) {
    if (index === from) continue;
    const part = text.slice(from, index);
    pieces.push({ text: part, line, whole: false });
    line += linesIn(part);
    from = index;
  }
  return [...pieces, { text: text.slice(from), line, whole: pieces.length === 0 }];
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
