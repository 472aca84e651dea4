/** Where the keywords of JSON Schema 2020-12 hold further schemas: all that walks a schema goes by these. */

/** Keywords whose value is one schema. */
export const schemaKeywords: ReadonlySet<string> = new Set([
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]);

/** Keywords whose value is a list of schemas. */
export const schemaListKeywords: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);

/** Keywords whose value is an object of schemas by name. */
export const schemaMapKeywords: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);

/** Keywords that say something to people and change nothing for a validator. */
export const commentKeywords: ReadonlySet<string> = new Set(['$comment', 'description', 'examples', 'title']);

/** Keywords whose value is a set, written as a list. */
export const setKeywords: ReadonlySet<string> = new Set(['enum', 'required', 'type']);

/** All other keywords of 2020-12. */
const plainKeywords = [
  ...['$anchor', '$dynamicAnchor', '$dynamicRef', '$id', '$ref', '$schema', '$vocabulary', 'const'],
  ...[
    'contentEncoding',
    'contentMediaType',
    'default',
    'dependentRequired',
    'deprecated',
    'exclusiveMaximum',
  ],
  ...['exclusiveMinimum', 'format', 'maxContains', 'maxItems', 'maxLength', 'maxProperties', 'maximum'],
  ...[
    'minContains',
    'minItems',
    'minLength',
    'minProperties',
    'minimum',
    'multipleOf',
    'pattern',
    'readOnly',
  ],
  ...['uniqueItems', 'writeOnly'],
];

/** Every keyword of JSON Schema 2020-12. */
export const keywords: ReadonlySet<string> = new Set([
  ...schemaKeywords,
  ...schemaListKeywords,
  ...schemaMapKeywords,
  ...commentKeywords,
  ...setKeywords,
  ...plainKeywords,
]);

/** A schema that is not simply true or false. */
export type SchemaObject = Readonly<Record<string, unknown>>;

/** True for an object that is no list: as a schema, or a map of schemas. */
export function isObject(value: unknown): value is SchemaObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
