/**
 * Makes packages/protocol/src/generated/ from schemas/: the types, the schemas themselves, and where each
 * message's schema is. `--check` compares with what is committed and fails on a difference.
 *
 * A schema file is either one message (named by its title), or a collection: an object whose properties all
 * refer to its own $defs, each of them a message named by the property in PascalCase.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';

interface SchemaFile {
  readonly $id: string;
  readonly title: string;
  readonly type?: string;
  readonly properties?: Record<string, { readonly $ref?: string }>;
}

const root = path.resolve(import.meta.dirname, '..');
const schemaDir = path.join(root, 'schemas');
const outDir = path.join(root, 'packages/protocol/src/generated');
const banner =
  '// Generated from schemas/ by scripts/generate-types.ts: do not edit; run `npm run generate`.\n';

function pascalCase(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** The messages of a schema file: name of the type to reference of its schema. */
function messagesOf(file: SchemaFile): [name: string, ref: string][] {
  const properties = Object.entries(file.properties ?? {});
  if (properties.length === 0) return [];
  const isCollection = properties.every(([, schema]) => schema.$ref?.startsWith('#/$defs/'));
  if (!isCollection) return [[file.title, file.$id]];
  return properties.map(([name, schema]) => [pascalCase(name), `${file.$id}${schema.$ref}`]);
}

async function generate(): Promise<Map<string, string>> {
  const names = (await readdir(schemaDir)).filter((name) => name.endsWith('.json')).sort();
  const files = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(path.join(schemaDir, name), 'utf8')) as SchemaFile),
  );
  const messages = files.flatMap(messagesOf);

  // One root that refers to every message, so that a type shared by several is declared once.
  const all: JSONSchema = {
    title: 'Messages',
    description: 'Every message, by the name of its type.',
    type: 'object',
    additionalProperties: false,
    required: messages.map(([name]) => name),
    properties: Object.fromEntries(messages.map(([name, $ref]) => [name, { $ref }])),
  };
  const types = await compile(all, 'Messages', {
    cwd: `${schemaDir}/`,
    bannerComment: banner,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    format: true,
    style: { singleQuote: true, printWidth: 110, trailingComma: 'all' },
  });

  const schemas = [
    banner,
    '/** The schemas themselves, as in schemas/. */',
    `export const messageSchemas: readonly object[] = ${JSON.stringify(files, null, 2)};`,
    '',
    "/** Where each message's schema is. */",
    `export const messageRefs = ${JSON.stringify(Object.fromEntries(messages), null, 2)} as const;`,
    '',
  ].join('\n');
  return new Map([
    ['types.ts', types],
    ['schemas.ts', schemas],
  ]);
}

let stale = false;
for (const [name, text] of await generate()) {
  const file = path.join(outDir, name);
  const committed = await readFile(file, 'utf8').catch(() => '');
  if (committed === text) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(
      `packages/protocol/src/generated/${name} is not what schemas/ make; run npm run generate\n`,
    );
    stale = true;
  } else {
    await writeFile(file, text);
    process.stderr.write(`wrote packages/protocol/src/generated/${name}\n`);
  }
}
process.exitCode = stale ? 1 : 0;
