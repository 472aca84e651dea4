import { check, escapePointer, type Fault, type Manifest, nameFault, type Parsed } from '@causeway/protocol';
import { compileSurveyed, readSchema } from './json-schema/compile-schema.ts';
import { maxManifestSize } from './json-schema/schema-cost.ts';
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

/** Reads all schemas before it compiles the first: reading is cheap, and says what compiling will cost. */
function schemasFault(manifest: Manifest): Fault | undefined {
  const surveys: { pointer: string; survey: Survey }[] = [];
  let size = 0;
  for (const [name, endpoint] of Object.entries(manifest.endpoints)) {
    for (const side of ['request', 'reply'] as const) {
      const pointer = `/endpoints/${escapePointer(name)}/${side}`;
      const { value: survey, fault } = readSchema(endpoint[side]);
      if (fault) return { pointer: pointer + fault.pointer, problem: fault.problem };
      size += survey.size;
      if (size > maxManifestSize) {
        const problem = `brings the size of all schemas to ${size} (keywords, names, branches and patterns), and ${maxManifestSize} are taken; divide the API into several services`;
        return { pointer, problem };
      }
      surveys.push({ pointer, survey });
    }
  }
  for (const { pointer, survey } of surveys) {
    const { fault } = compileSurveyed(survey);
    if (fault) return { pointer: pointer + fault.pointer, problem: fault.problem };
  }
  return undefined;
}

/**
 * Checks a manifest: its schema, its names, and that each request and reply is a JSON Schema 2020-12 that a
 * gateway can compile (see `compileSchema`), all of them together within `maxManifestSize`. The fault's pointer is into the manifest; a field that is not known
 * is named with the one it is most like.
 */
export function checkManifest(value: unknown): Parsed<Manifest> {
  const unknown = unknownField(value, shapes.manifest);
  if (unknown) return { fault: unknown };
  const parsed = check('Manifest', value);
  if (parsed.fault) return { fault: withGot(parsed.fault, value) };
  const names = namesFault(parsed.value);
  if (names) return { fault: names };
  const fault = schemasFault(parsed.value);
  return fault ? { fault } : parsed;
}
