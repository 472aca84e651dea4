import {
  type Deprecation,
  type EndpointDescription,
  escapePointer,
  type Fault,
  type Manifest,
  type Policy,
  type Quota,
  type Route,
  type Windows,
} from '@causeway/protocol';
import { didYouMean } from './nearest.ts';

/** The fields an object may have; `true` for a value, a shape for an object, `each` for the values of a map. */
interface Shape {
  readonly fields?: Readonly<Record<string, Shape | true>>;
  readonly each?: Shape;
}

// Typed by the generated types, so that a field added to a schema is missed by the compiler until it is here.
const windows: Record<keyof Windows, true> = { minute: true, hour: true, day: true };
const quota: Record<keyof Quota, Shape> = { calls: { fields: windows }, bytes: { fields: windows } };
const limits: Record<keyof NonNullable<Policy['limits']>, Shape | true> = {
  rate: true,
  burst: true,
  concurrency: true,
  bytesPerSecond: true,
  payload: true,
  quota: { fields: quota },
};
const route: Record<keyof Route, true> = { order: true, weights: true };
const from: Record<keyof Policy['from'], true> = { site: true, service: true, labels: true, tenant: true };
const to: Record<keyof Policy['to'], true> = {
  service: true,
  major: true,
  endpoints: true,
  site: true,
  labels: true,
  tenant: true,
};
const policy: Record<keyof Policy, Shape | true> = {
  kind: true,
  tenant: true,
  name: true,
  description: true,
  from: { fields: from },
  to: { fields: to },
  effect: true,
  limits: { fields: limits },
  route: { fields: route },
  audit: true,
  notBefore: true,
  expires: true,
  offline: true,
  reason: true,
};
const endpoint: Record<keyof EndpointDescription, true> = {
  description: true,
  request: true,
  reply: true,
  examples: true,
  idempotent: true,
  checkReply: true,
  maxRequestBytes: true,
  maxReplyBytes: true,
};
const deprecated: Record<keyof Deprecation, true> = { date: true, note: true };
const manifest: Record<keyof Manifest, Shape | true> = {
  kind: true,
  tenant: true,
  service: true,
  version: true,
  description: true,
  owner: true,
  deprecated: { fields: deprecated },
  $defs: true,
  endpoints: { each: { fields: endpoint } },
};

/** What is written elsewhere for a field of ours, and is not like its name. */
const aliases: Readonly<Record<string, string>> = {
  definitions: '$defs',
  schemas: '$defs',
  sunset: 'deprecated',
};

/** Shapes of the documents that people write by hand. */
export const shapes = { policy: { fields: policy }, manifest: { fields: manifest } } as const;

/**
 * The first field that the shape does not know, with the known one it is most like. Looked for before the schema
 * is asked: for a mistyped field, "effect is missing" is half the truth.
 */
export function unknownField(value: unknown, shape: Shape, pointer = ''): Fault | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  for (const [name, field] of Object.entries(value)) {
    const place = `${pointer}/${escapePointer(name)}`;
    const known =
      shape.each ?? (shape.fields && Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined);
    if (known === undefined) {
      const names = Object.keys(shape.fields ?? {});
      const alias = aliases[name];
      const isMeant = alias !== undefined && names.includes(alias);
      const hint =
        (isMeant ? `; did you mean "${alias}"?` : didYouMean(name, names)) ||
        `; known fields: ${names.join(', ')}`;
      return { pointer: place, problem: `is not a known field${hint}` };
    }
    const inner = known === true ? undefined : unknownField(field, known, place);
    if (inner) return inner;
  }
  return undefined;
}
