import type { Steps } from '../steps.ts';
import { parsePattern } from './parse-pattern.ts';
import { buildProgram, type Program } from './program.ts';

/** A regular expression whose search takes time linear in the text. */
export interface LinearPattern {
  /** True where the text has a match anywhere. Takes its steps from the counter; throws when they run out. */
  test(text: string, steps: Steps): boolean;
  /** Instructions of its program: what building it costs. */
  readonly size: number;
}

/** What stands on one side of a place in the text. */
type Side = 'edge' | 'word' | 'other';

/** A character as far as the pattern can tell: the atoms that admit it. The end of the text is one too. */
interface CharacterClass {
  readonly side: Side;
  /** One for each atom: 1 where it admits the character. */
  readonly admitted: Uint8Array;
}

/** A state of the deterministic automaton, which is built as texts need it. */
interface State {
  /** Places in the program, sorted, before forks and assertions are followed. */
  readonly places: readonly number[];
  readonly before: Side;
  readonly next: Map<CharacterClass, State | undefined | true>;
}

/** What the states of one pattern may hold in all: some 100 kB. What is beyond is built anew. */
const maxTransitions = 1024;
const maxPlaces = 8192;
const maxCharacters = 1024;

const edge: CharacterClass = { side: 'edge', admitted: new Uint8Array() };

function holds(which: '^' | '$' | 'b' | 'B', before: Side, after: Side): boolean {
  if (which === '^') return before === 'edge';
  if (which === '$') return after === 'edge';
  return (before === 'word') === (after === 'word') ? which === 'B' : which === 'b';
}

/** Follows forks and assertions; gives the atoms that stand next, or true at the end of the pattern. */
function follow(program: Program, from: readonly number[], before: Side, after: Side): number[] | true {
  const seen = new Uint8Array(program.instructions.length);
  const open = [...from];
  const found: number[] = [];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (seen[place]) continue;
    seen[place] = 1;
    const instruction = program.instructions[place];
    if (instruction?.kind === 'match') return true;
    if (instruction?.kind === 'atom') found.push(place);
    else if (instruction?.kind === 'fork') open.push(...instruction.ways);
    else if (instruction && holds(instruction.which, before, after)) open.push(instruction.next);
  }
  return found;
}

/** Whether it can match only from the beginning of the text on, so that a failed attempt is the last. */
function isAnchored(program: Program): boolean {
  const sides: Side[] = ['edge', 'word', 'other'];
  return sides.every((after) =>
    sides.every((before) => {
      const found = before === 'edge' ? [] : follow(program, [program.start], before, after);
      return found !== true && found.length === 0;
    }),
  );
}

/**
 * Makes a pattern of JavaScript's syntax with the flag `u` into one that is searched without backtracking, by a
 * lazily built automaton (as RE2 does it). JavaScript's own engine decides only which single characters a class
 * admits, so that a pattern means what it means elsewhere. Throws `PatternRefusal`, or a SyntaxError.
 */
export function createLinearPattern(text: string): LinearPattern {
  new RegExp(text, 'u');
  const program = buildProgram(parsePattern(text));
  const atoms = program.atoms.map((source) => new RegExp(`^${source}$`, 'u'));
  const anchored = isAnchored(program);
  const costOfBuilding = 50 + 10 * program.instructions.length;
  const classes = new Map<string, CharacterClass>();
  const characters = new Map<number, CharacterClass>();
  let states = new Map<string, State>();
  let transitions = 0;
  let places = 0;
  const beginning: State = { places: [], before: 'edge', next: new Map() };

  function classOf(code: number, steps: Steps): CharacterClass {
    const known = characters.get(code);
    if (known) return known;
    steps.take(20 + 10 * atoms.length);
    const character = String.fromCodePoint(code);
    const admitted = Uint8Array.from(atoms, (atom) => Number(atom.test(character)));
    const side = /\w/.test(character) ? 'word' : 'other';
    const key = side + admitted.join('');
    let found = classes.get(key);
    if (!found || characters.size >= maxCharacters) {
      if (characters.size >= maxCharacters) {
        characters.clear();
        classes.clear();
        forget();
      }
      found = { side, admitted };
      classes.set(key, found);
    }
    characters.set(code, found);
    return found;
  }

  function forget(): void {
    states = new Map();
    beginning.next.clear();
    transitions = 0;
    places = 0;
  }

  function stateOf(unsorted: Set<number>, before: Side): State {
    const list = [...unsorted].sort((a, b) => a - b);
    const key = `${before} ${list.join(' ')}`;
    const known = states.get(key);
    if (known) return known;
    const state: State = { places: list, before, next: new Map() };
    places += list.length + 8;
    states.set(key, state);
    return state;
  }

  /** The state behind a character: true where a match has ended before it, undefined where none can come. */
  function advance(state: State, by: CharacterClass, steps: Steps): State | undefined | true {
    steps.take(costOfBuilding);
    if (transitions > maxTransitions || places > maxPlaces) forget();
    transitions += 1;
    const found = follow(program, [...state.places, program.start], state.before, by.side);
    if (found === true || by === edge) {
      const result = found === true ? true : undefined;
      state.next.set(by, result);
      return result;
    }
    const reached = new Set<number>();
    for (const place of found) {
      const instruction = program.instructions[place];
      if (instruction?.kind === 'atom' && by.admitted[instruction.atom]) reached.add(instruction.next);
    }
    const result = anchored && reached.size === 0 ? undefined : stateOf(reached, by.side);
    state.next.set(by, result);
    return result;
  }

  function go(state: State, by: CharacterClass, steps: Steps): State | undefined | true {
    const known = state.next.get(by);
    return known !== undefined || state.next.has(by) ? known : advance(state, by, steps);
  }

  return {
    size: program.instructions.length,
    test(subject, steps) {
      steps.take(10 + 3 * subject.length);
      let state = beginning;
      for (let at = 0; at < subject.length; at += 1) {
        const code = subject.codePointAt(at) ?? 0;
        if (code > 0xffff) at += 1;
        const next = go(state, classOf(code, steps), steps);
        if (next === true) return true;
        if (next === undefined) return false;
        state = next;
      }
      return go(state, edge, steps) === true;
    },
  };
}
