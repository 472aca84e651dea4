import { escapePointer } from '@causeway/protocol';
import { type Breach, breachesOf } from './compatibility/containment.ts';
import { comparing } from './compatibility/documents.ts';
import { outsideChanges } from './compatibility/outside.ts';
import { placeInManifest, withShared } from './json-schema/shared-definitions.ts';
import { OutOfSteps, type Steps } from './json-schema/steps.ts';
import { type Survey, surveySchema } from './json-schema/survey.ts';

/** One place where a schema admits what it must not, with the reason. */
export interface SchemaBreak {
  /** Into the manifest. */
  readonly pointer: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly why: string;
}

/** A schema of a manifest, with what it may refer to. */
export interface PlacedSchema {
  readonly schema: unknown;
  /** The manifest's `$defs`. */
  readonly shared: unknown;
}

/**
 * Steps of comparing all schemas of two manifests: some 50 ms for the worst that we found (bench/compare.ts). A thousand
 * fields that all differ take a third of them.
 */
export const maxCompareSteps = 150_000;

const tooManySteps = 'comparing all schemas of the manifest takes too many steps';

const reasons = {
  request: (what: string) => `callers may send ${what}, which is refused now`,
  reply: (what: string) => `callers may be given ${what}, which the published schema rules out`,
};

function ofBreach(side: 'request' | 'reply', { pointer, asked, known, what }: Breach): SchemaBreak {
  // A request's new schema must be the wider one; of replies, the old.
  const [before, after] = side === 'request' ? [known, asked] : [asked, known];
  return { pointer, before, after, why: reasons[side](what()) };
}

function surveyed({ schema, shared }: PlacedSchema): Survey | undefined {
  return surveySchema(withShared(schema, shared)).value;
}

/**
 * Where a schema breaks those who call: a request that was valid and is not, a reply that can come and could not.
 * None only where there is surely no such value. Pointers are into the manifest at whose place `at` the schema
 * stands; where something was removed, into the published one. `steps` are those that may be taken.
 */
export function schemaBreaks(
  side: 'request' | 'reply',
  before: PlacedSchema,
  after: PlacedSchema,
  at: string,
  steps: Steps,
): SchemaBreak[] {
  // Where others have used them up, reading these schemas would be for nothing.
  if (steps.left <= 0) return [incomparable(at, tooManySteps)];
  const [old, now] = [surveyed(before), surveyed(after)];
  if (!old || !now) return [incomparable(at, 'one of them is no schema that this version takes')];
  const [narrow, wide] = side === 'request' ? [old, now] : [now, old];
  let breaks: SchemaBreak[];
  try {
    // Both have been read by now, which takes time with all that stands in them.
    steps.take(2 * (old.size + now.size));
    const around = comparing([narrow, wide], steps);
    const outside = outsideChanges(narrow, wide, around).map(({ pointer, asked, known, what }) => {
      const [was, is] = side === 'request' ? [known, asked] : [asked, known];
      return { pointer, before: was, after: is, why: what() };
    });
    const told = new Set(outside.map(({ pointer }) => pointer));
    const asked = breachesOf(narrow, wide, around).map((breach) => ofBreach(side, breach));
    breaks = [...outside, ...asked.filter(({ pointer }) => !told.has(pointer))];
  } catch (error) {
    if (!(error instanceof OutOfSteps)) throw error;
    return [incomparable(at, tooManySteps)];
  }
  const holder = (side === 'request' ? after : before).schema;
  const placed = breaks.map((each) => ({ ...each, pointer: placeInManifest(at, holder, each.pointer) }));
  const once = new Map(placed.map((each) => [`${each.pointer}\n${each.why}`, each]));
  return [...once.values()];
}

function incomparable(at: string, why: string): SchemaBreak {
  const whole = `the two schemas cannot be compared, for ${why}; this counts as breaking`;
  return { pointer: at, before: undefined, after: undefined, why: whole };
}

/** The pointer of one side of an endpoint. */
export function sidePointer(endpoint: string, side: 'request' | 'reply'): string {
  return `/endpoints/${escapePointer(endpoint)}/${side}`;
}
