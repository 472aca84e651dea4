import { createCipheriv, createDecipheriv, scryptSync } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Random } from '@causeway/protocol';
import type { AnyDocument } from '@causeway/registry';
import { FabricError } from '../settings.ts';

/** Version of the archive's own layout. A newer one is refused. */
export const backupFormat = 1;

/** A file of a fabric's folder. */
export interface ArchivedFile {
  /** Below the fabric's folder, divided by `/`. */
  readonly path: string;
  /** Readable by others, as certificates and JWTs are. Everything else is its owner's alone. */
  readonly open: boolean;
  readonly text: string;
}

/** What a backup holds: every key, and the documents at one revision. No records, no counters. */
export interface Archive {
  /** Format of the fabric's folder (`fabric.json`). */
  readonly state: number;
  /** When it was made, ms since the epoch. */
  readonly made: number;
  readonly revision: number;
  readonly documents: readonly AnyDocument[];
  readonly files: readonly ArchivedFile[];
}

/**
 * The first line of an archive, JSON: what one must know to read the rest. Behind it stands the archive as JSON,
 * compressed by gzip, and where it is sealed encrypted by AES-256-GCM, with the tag of 16 bytes at the end and the
 * first line as associated data. The key is scrypt's of the passphrase.
 */
interface Header {
  readonly causeway: 'backup';
  readonly format: number;
  readonly sealed?: {
    readonly kdf: { readonly name: 'scrypt'; readonly N: number; readonly r: number; readonly p: number };
    readonly cipher: 'aes-256-gcm';
    /** Base64. */
    readonly salt: string;
    readonly iv: string;
  };
}

const cost = { name: 'scrypt', N: 2 ** 17, r: 8, p: 1 } as const;
/** What a forged archive may unpack to. */
const mostBytes = 512 * 1024 ** 2;
const tagBytes = 16;
const newline = 0x0a;

function keyOf(passphrase: string, { kdf, salt }: NonNullable<Header['sealed']>): Buffer {
  const { N, r, p } = kdf;
  const options = { N, r, p, maxmem: 256 * N * r };
  return scryptSync(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), 32, options);
}

/** An archive as one file; without a passphrase its keys stand there for everybody to read. */
export function packArchive(archive: Archive, passphrase: string | undefined, random: Random): Buffer {
  const body = gzipSync(JSON.stringify(archive));
  const sealed =
    passphrase === undefined
      ? undefined
      : {
          kdf: cost,
          cipher: 'aes-256-gcm' as const,
          salt: Buffer.from(random.bytes(16)).toString('base64'),
          iv: Buffer.from(random.bytes(12)).toString('base64'),
        };
  const header: Header = { causeway: 'backup', format: backupFormat, ...(sealed ? { sealed } : {}) };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  if (passphrase === undefined || !sealed) return Buffer.concat([line, body]);
  const cipher = createCipheriv('aes-256-gcm', keyOf(passphrase, sealed), Buffer.from(sealed.iv, 'base64'));
  cipher.setAAD(line);
  return Buffer.concat([line, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
}

function readHeader(line: Buffer): Header | undefined {
  try {
    const header = JSON.parse(line.toString('utf8')) as Header | null;
    return header?.causeway === 'backup' && typeof header.format === 'number' ? header : undefined;
  } catch {
    return undefined;
  }
}

/** Costs that somebody else could have written there to keep this machine busy. */
function isModest({ kdf, cipher, salt, iv }: NonNullable<Header['sealed']>): boolean {
  const { name, N, r, p } = kdf ?? {};
  const whole = [N, r, p].every((each) => Number.isSafeInteger(each) && each > 0);
  const texts = typeof salt === 'string' && typeof iv === 'string';
  return name === 'scrypt' && cipher === 'aes-256-gcm' && whole && texts && N <= 2 ** 20 && r <= 16 && p <= 4;
}

/**
 * Reads an archive. Throws a FabricError, in words for `file`, where it is none, has a newer format, is sealed with
 * another passphrase or damaged.
 */
export function unpackArchive(bytes: Buffer, passphrase: string | undefined, file: string): Archive {
  const end = bytes.indexOf(newline) + 1;
  const line = bytes.subarray(0, end);
  const header = end > 0 && end < 4_096 ? readHeader(line) : undefined;
  if (!header) throw new FabricError(`${file} is no backup of Causeway; was another file meant?`);
  if (header.format > backupFormat) {
    throw new FabricError(
      `${file} has format ${header.format}; this version of Causeway reads up to ${backupFormat}: use a newer one`,
    );
  }
  const body = bytes.subarray(end);
  const damaged = new FabricError(`${file} is damaged: it does not end as it was written; take another copy`);
  if (!header.sealed) {
    // Nothing binds it to whoever knows the passphrase: anybody could have put it in the place of the sealed one.
    if (passphrase !== undefined) {
      throw new FabricError(
        `${file} is not sealed, though a passphrase was given: another backup may have been put in its place. Leave ` +
          `out --passphrase-file if it was made with --plain and nobody else could write it`,
      );
    }
    return parse(body, damaged);
  }
  if (passphrase === undefined) throw new FabricError(`${file} is sealed; give --passphrase-file`);
  const { sealed } = header;
  if (!isModest(sealed) || body.length < tagBytes) throw damaged;
  const decipher = createDecipheriv(
    'aes-256-gcm',
    keyOf(passphrase, sealed),
    Buffer.from(sealed.iv, 'base64'),
    { authTagLength: tagBytes },
  );
  decipher.setAAD(line);
  decipher.setAuthTag(body.subarray(-tagBytes));
  let opened: Buffer;
  try {
    opened = Buffer.concat([decipher.update(body.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    throw new FabricError(`${file} cannot be opened: the passphrase is another, or the file is damaged`);
  }
  return parse(opened, damaged);
}

function parse(body: Buffer, damaged: FabricError): Archive {
  let archive: Partial<Archive> | null;
  try {
    archive = JSON.parse(
      gunzipSync(body, { maxOutputLength: mostBytes }).toString('utf8'),
    ) as Partial<Archive> | null;
  } catch {
    throw damaged;
  }
  const { state, revision, documents, files } = archive ?? {};
  const whole = typeof state === 'number' && typeof revision === 'number';
  if (!whole || !Array.isArray(documents) || !Array.isArray(files)) throw damaged;
  return archive as Archive;
}
