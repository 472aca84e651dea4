import { type Assertion, type PatternNode, PatternRefusal } from './parse-pattern.ts';

/** One instruction of a program; numbers are places in it. */
export type Instruction =
  | { readonly kind: 'atom'; readonly atom: number; readonly next: number }
  | { readonly kind: 'assertion'; readonly which: Assertion; readonly next: number }
  | { readonly kind: 'fork'; readonly ways: readonly number[] }
  | { readonly kind: 'match' };

/** A pattern as a nondeterministic automaton (Thompson's). */
export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
  /** What one character may be: JavaScript sources, each once. */
  readonly atoms: readonly string[];
}

/** Most instructions of one pattern; a repetition counts as often as it may be repeated. */
const maxInstructions = 1000;

function sizeOf(node: PatternNode): number {
  switch (node.kind) {
    case 'atom':
    case 'assertion':
      return 1;
    case 'sequence':
    case 'choice':
      return node.parts.reduce((sum, part) => sum + sizeOf(part), 1);
    default: {
      const size = sizeOf(node.part);
      const more = node.max === Number.POSITIVE_INFINITY ? 1 : node.max - node.min;
      // What is repeated no times at all has been read all the same.
      return Math.max(size, node.min * size + more * (size + 1));
    }
  }
}

/** Builds the program. Throws `PatternRefusal` where it would be too long. */
export function buildProgram(root: PatternNode): Program {
  const size = sizeOf(root);
  if (size > maxInstructions) {
    const hint = 'bound lengths by "maxLength" rather than by a repetition';
    throw new PatternRefusal(`has ${size} steps written out, and ${maxInstructions} are taken; ${hint}`);
  }
  const instructions: Instruction[] = [{ kind: 'match' }];
  const atoms = new Map<string, number>();

  function add(instruction: Instruction): number {
    return instructions.push(instruction) - 1;
  }

  function atomOf(source: string): number {
    const known = atoms.get(source);
    if (known !== undefined) return known;
    atoms.set(source, atoms.size);
    return atoms.size - 1;
  }

  /** Built from the end to the beginning, so that each instruction knows the next. */
  function build(node: PatternNode, next: number): number {
    switch (node.kind) {
      case 'atom':
        return add({ kind: 'atom', atom: atomOf(node.source), next });
      case 'assertion':
        return add({ kind: 'assertion', which: node.which, next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => build(part, after), next);
      case 'choice':
        return add({ kind: 'fork', ways: node.parts.map((part) => build(part, next)) });
      default:
        return buildRepeat(node.part, node.min, node.max, next);
    }
  }

  function buildRepeat(part: PatternNode, min: number, max: number, next: number): number {
    let start = next;
    if (max === Number.POSITIVE_INFINITY) {
      const ways = [next];
      start = add({ kind: 'fork', ways });
      ways.push(build(part, start));
    } else {
      for (let times = min; times < max; times += 1) {
        start = add({ kind: 'fork', ways: [build(part, start), next] });
      }
    }
    for (let times = 0; times < min; times += 1) start = build(part, start);
    return start;
  }

  const start = build(root, 0);
  return { instructions, start, atoms: [...atoms.keys()] };
}
