import { check, escapePointer, type Fault, type Manifest, nameFault, type Parsed } from '@causeway/protocol';
import { compileSchema } from './json-schema/compile-schema.ts';
import { shapes, unknownField } from './known-fields.ts';

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

/**
 * Checks a manifest: its schema, its names, and that each request and reply is a JSON Schema 2020-12 that a
 * gateway can compile (see `compileSchema`). The fault's pointer is into the manifest; a field that is not known
 * is named with the one it is most like.
 */
export function checkManifest(value: unknown): Parsed<Manifest> {
  const unknown = unknownField(value, shapes.manifest);
  if (unknown) return { fault: unknown };
  const parsed = check('Manifest', value);
  if (parsed.fault) return parsed;
  const names = namesFault(parsed.value);
  if (names) return { fault: names };
  for (const [name, endpoint] of Object.entries(parsed.value.endpoints)) {
    for (const side of ['request', 'reply'] as const) {
      const { fault } = compileSchema(endpoint[side]);
      if (fault) {
        const pointer = `/endpoints/${escapePointer(name)}/${side}${fault.pointer}`;
        return { fault: { pointer, problem: fault.problem } };
      }
    }
  }
  return parsed;
}
