import {
  check,
  deprecationTime,
  escapePointer,
  type Fault,
  type Manifest,
  nameFault,
  type Parsed,
} from '@causeway/protocol';
import { sidePointer } from './compare-schemas.ts';
import { compileSurveyed, maxSteps, readSchema } from './json-schema/compile-schema.ts';
import { maxManifestSize } from './json-schema/schema-cost.ts';
import { placeInManifest, sharedNames, withShared } from './json-schema/shared-definitions.ts';
import { createSteps } from './json-schema/steps.ts';
import type { Survey } from './json-schema/survey.ts';
import { shapes, unknownField } from './known-fields.ts';
import { withGot } from './what-was-got.ts';

function namesFault(manifest: Manifest): Fault | undefined {
  const service = nameFault('service', manifest.service);
  if (service) return { pointer: '/service', problem: service };
  const tenant = manifest.tenant === undefined ? undefined : nameFault('tenant', manifest.tenant);
  if (tenant) return { pointer: '/tenant', problem: tenant };
  if (Object.hasOwn(manifest.endpoints, 'any')) {
    const problem = 'is a reserved word: counters use it for calls of endpoints that do not exist';
    return { pointer: '/endpoints/any', problem };
  }
  return undefined;
}

/** The first fault of the manifest's own `$defs`, which endpoints need not refer to. */
function definitionsFault({ $defs, endpoints }: Manifest): Fault | undefined {
  if ($defs === undefined) return undefined;
  const { fault } = readSchema({ $defs });
  if (fault) return fault;
  for (const [name, endpoint] of Object.entries(endpoints)) {
    for (const side of ['request', 'reply'] as const) {
      const schema = endpoint[side];
      const own = typeof schema === 'object' ? schema.$defs : undefined;
      const twice = Object.keys(own ?? {}).find((each) => Object.hasOwn($defs, each));
      if (twice === undefined) continue;
      const pointer = `${sidePointer(name, side)}/$defs/${escapePointer(twice)}`;
      return { pointer, problem: 'is in the manifest’s own "$defs", too; give one of the two another name' };
    }
  }
  return undefined;
}

/** One request or reply schema that has been read. */
interface ReadSide {
  readonly endpoint: string;
  readonly side: 'request' | 'reply';
  readonly survey: Survey;
}

/** Characters of `$defs`, counted for each schema that refers to them: each is read and compared with them. */
const maxSharedText = 2_000_000;

/** Reads all schemas before it compiles the first: reading is cheap, and says what compiling will cost. */
function readSides({ endpoints, $defs }: Manifest): Parsed<ReadSide[]> {
  const sides: ReadSide[] = [];
  const texts = new Map(
    Object.entries($defs ?? {}).map(([name, each]) => [name, JSON.stringify(each).length]),
  );
  let size = 0;
  let shared = 0;
  for (const [name, endpoint] of Object.entries(endpoints)) {
    for (const side of ['request', 'reply'] as const) {
      const pointer = sidePointer(name, side);
      for (const each of sharedNames(endpoint[side], $defs ?? {})) shared += texts.get(each) ?? 0;
      if (shared > maxSharedText) {
        const problem = `brings "$defs", counted wherever they are referred to, to more than ${maxSharedText} characters; shorten their descriptions and examples`;
        return { fault: { pointer, problem } };
      }
      const { value: survey, fault } = readSchema(withShared(endpoint[side], $defs));
      if (fault) {
        const place = placeInManifest(pointer, endpoint[side], fault.pointer);
        return { fault: { pointer: place, problem: fault.problem } };
      }
      size += survey.size;
      if (size > maxManifestSize) {
        const problem = `brings the size of all schemas to ${size} (keywords, names, branches and patterns), and ${maxManifestSize} are taken; divide the API into several services`;
        return { fault: { pointer, problem } };
      }
      sides.push({ endpoint: name, side, survey });
    }
  }
  return { value: sides };
}

/** The first fault of a schema that cannot be compiled, or of an example that does not fit it. */
function sidesFault(manifest: Manifest, sides: readonly ReadSide[]): Fault | undefined {
  // As many steps as one request may take, for all examples together.
  const steps = createSteps(maxSteps);
  for (const { endpoint, side, survey } of sides) {
    const compiled = compileSurveyed(survey, steps);
    if (compiled.fault) {
      const { pointer, problem } = compiled.fault;
      return { pointer: sidePointer(endpoint, side) + pointer, problem };
    }
    for (const [at, example] of (manifest.endpoints[endpoint]?.examples ?? []).entries()) {
      if (!Object.hasOwn(example, side)) continue;
      const fault = compiled.value(example[side]);
      if (!fault) continue;
      const pointer = `/endpoints/${escapePointer(endpoint)}/examples/${at}/${side}${fault.pointer}`;
      return { pointer, problem: `does not fit the ${side}’s schema: ${fault.problem}` };
    }
  }
  return undefined;
}

function dateFault({ deprecated }: Manifest): Fault | undefined {
  if (deprecated === undefined || deprecationTime(deprecated) !== undefined) return undefined;
  return { pointer: '/deprecated/date', problem: 'is no day of the calendar; write it as 2027-03-31' };
}

/**
 * Checks a manifest: its schema, its names, and that each request and reply is a JSON Schema 2020-12 that a
 * gateway can compile (see `compileSchema`), all of them together within `maxManifestSize`, and that its examples fit
 * them. The fault's pointer is into the manifest; a field that is not known is named with the one it is most like.
 */
export function checkManifest(value: unknown): Parsed<Manifest> {
  const unknown = unknownField(value, shapes.manifest);
  if (unknown) return { fault: unknown };
  const parsed = check('Manifest', value);
  if (parsed.fault) return { fault: withGot(parsed.fault, value) };
  const names = namesFault(parsed.value);
  if (names) return { fault: names };
  const early = dateFault(parsed.value) ?? definitionsFault(parsed.value);
  if (early) return { fault: early };
  const sides = readSides(parsed.value);
  if (sides.fault) return sides;
  const fault = sidesFault(parsed.value, sides.value);
  return fault ? { fault } : parsed;
}
