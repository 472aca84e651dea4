import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { CommandFailure } from '../failure.ts';
import { parseDocuments, type SourceDocument } from './parse-documents.ts';

const extensions = new Set(['.yaml', '.yml', '.json']);
/** Of all files together: some 200,000 policies. Also what bounds a stream that never ends. */
const mostText = 64_000_000;

/** Reads a stream to its end, or to `most` bytes; undefined where there is more. */
export async function readAll(stream: AsyncIterable<unknown>, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const data = Buffer.from(chunk as Uint8Array);
    bytes += data.length;
    if (bytes > most) return undefined;
    chunks.push(data);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads documents from files, folders (with all that lies in them) and standard input (`-`), in that order, by
 * name within a folder. Rejects with one failure that names every fault of every file.
 */
export async function readDocuments(
  sources: readonly string[],
  stdin: NodeJS.ReadableStream,
): Promise<SourceDocument[]> {
  const documents: SourceDocument[] = [];
  const faults: string[] = [];
  if (sources.filter((source) => source === '-').length > 1) {
    throw new CommandFailure('standard input (-) can be read only once');
  }
  let left = mostText;
  for (const source of sources) {
    for (const file of source === '-' ? ['-'] : await filesOf(source)) {
      const name = file === '-' ? 'standard input' : file;
      const bytes = await readAll(file === '-' ? stdin : createReadStream(file), left);
      if (bytes === undefined) {
        throw new CommandFailure(
          `${name} is too large: more than ${mostText} bytes to read; apply less at once`,
        );
      }
      left -= bytes.length;
      const text = textOf(bytes);
      if (text === undefined) {
        faults.push(`${name} is not text in UTF-8; save it as that`);
        continue;
      }
      const parsed = parseDocuments(text, name);
      documents.push(...parsed.documents);
      faults.push(...parsed.faults);
    }
  }
  if (faults.length > 0) throw new CommandFailure(faults.join('\ncauseway: '));
  if (documents.length === 0) {
    const names = sources.map((source) => (source === '-' ? 'standard input' : source));
    throw new CommandFailure(`there is no document in ${names.join(', ')}`);
  }
  return documents;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Undefined where the bytes are no UTF-8: a name that was mended is another name. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

async function filesOf(source: string): Promise<string[]> {
  let found: Awaited<ReturnType<typeof stat>>;
  try {
    found = await stat(source);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new CommandFailure(`${source} ${why}`, { cause });
  }
  if (!found.isDirectory()) return [source];
  const entries = await readdir(source, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => !entry.isDirectory() && extensions.has(path.extname(entry.name).toLowerCase()))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) throw new CommandFailure(`folder ${source} holds no *.yaml, *.yml or *.json file`);
  return files;
}
