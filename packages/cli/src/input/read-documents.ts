import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { CommandFailure } from '../failure.ts';
import { parseDocuments, type SourceDocument } from './parse-documents.ts';

const extensions = new Set(['.yaml', '.yml', '.json']);

/** Reads a stream to its end. */
export async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
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
  for (const source of sources) {
    for (const file of source === '-' ? ['-'] : await filesOf(source)) {
      const text = file === '-' ? await readAll(stdin) : await readFile(file, 'utf8');
      const parsed = parseDocuments(text, file === '-' ? 'standard input' : file);
      documents.push(...parsed.documents);
      faults.push(...parsed.faults);
    }
  }
  if (faults.length > 0) throw new CommandFailure(faults.join('\ncauseway: '));
  if (documents.length === 0) throw new CommandFailure(`there is no document in ${sources.join(', ')}`);
  return documents;
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
