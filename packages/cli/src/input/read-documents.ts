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
 * name within a folder. Rejects with one failure that names every fault of every file. `passedOver` is told what lies in
 * a folder and is not read, but for what is hidden.
 */
export async function readDocuments(
  sources: readonly string[],
  stdin: NodeJS.ReadableStream,
  passedOver: (files: readonly string[]) => void = () => {},
): Promise<SourceDocument[]> {
  const documents: SourceDocument[] = [];
  const faults: string[] = [];
  if (sources.filter((source) => source === '-').length > 1) {
    throw new CommandFailure('standard input (-) can be read only once');
  }
  let left = mostText;
  for (const source of sources) {
    for (const file of source === '-' ? ['-'] : await filesOf(source, passedOver)) {
      const name = file === '-' ? 'standard input' : file;
      let bytes: Buffer | undefined;
      try {
        bytes = await readAll(file === '-' ? stdin : await openFile(file), left);
      } catch (error) {
        faults.push(`${name} ${whyUnread(error)}`);
        continue;
      }
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

/** What may be wrong with a file, for people. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'cannot be read (EACCES): you have no right to; chmod or chown it',
  EPERM: 'cannot be read (EPERM): you have no right to',
  ELOOP: 'cannot be read (ELOOP): its symbolic links lead round in a circle',
  EISDIR: 'is a folder, not a file',
};

function whyUnread(error: unknown): string {
  if (error instanceof CommandFailure) return error.message;
  const { code = String(error) } = error as NodeJS.ErrnoException;
  return reasons[code] ?? `cannot be read (${code})`;
}

/** Nothing but files: a pipe with the name of one might never end, or never begin. */
async function openFile(file: string): Promise<AsyncIterable<unknown>> {
  const found = await stat(file);
  if (found.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  return createReadStream(file);
}

async function filesOf(source: string, passedOver: (files: readonly string[]) => void): Promise<string[]> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(source)).isDirectory();
  } catch (cause) {
    throw new CommandFailure(`${source} ${whyUnread(cause)}`, { cause });
  }
  if (!isFolder) return [source];
  const found = await below(source);
  if (found.others.length > 0) passedOver(found.others);
  if (found.files.length === 0) {
    const others = found.others.length === 0 ? '' : `; there is: ${found.others.slice(0, 5).join(', ')}`;
    throw new CommandFailure(`folder ${source} holds no *.yaml, *.yml or *.json file${others}`);
  }
  return found.files;
}

/** Files of documents in a folder and those in it, by name; and what else is there. Links to folders are not followed. */
async function below(folder: string): Promise<{ files: string[]; others: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new CommandFailure(`folder ${folder} ${whyUnread(cause)}`, { cause });
  });
  const files: string[] = [];
  const others: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // What is hidden is somebody else's: of git, of an editor.
    if (entry.name.startsWith('.')) continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      const found = await below(file);
      files.push(...found.files);
      others.push(...found.others);
    } else if (!extensions.has(path.extname(entry.name).toLowerCase())) others.push(file);
    else if (entry.isFile() || entry.isSymbolicLink()) files.push(file);
    else others.push(file);
  }
  return { files, others };
}
