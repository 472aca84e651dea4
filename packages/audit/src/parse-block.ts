import { blockHeaders, check, type Fault, isName, type Parsed, subjects } from '@causeway/protocol';
import { type BlockClass, type BlockRecord, classOf, countOf, isAccess, outcomeKey } from './record.ts';
import { type BlockFields, outcomesText, sha256, signingInput } from './signing-input.ts';

/** A message of a stream of records, as it was stored. */
export interface BlockMessage {
  /** `audit.…`, or `from.<source>.audit.…` in the cloud's stream. */
  readonly subject: string;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
}

/** A block's headers, agreeing with its subject; its body not yet read. */
export interface BlockEnvelope extends BlockFields {
  /** The site whose stream delivered the block, as the cloud stamped it; undefined in a site's own stream. */
  readonly source: string | undefined;
  /** Ed25519, 64 bytes. */
  readonly sig: Uint8Array;
  /** The bytes that were signed. */
  readonly signed: Uint8Array;
  /** SHA-256 of these; the next block's `prev`. */
  readonly hash: string;
}

/** A block whose headers, subject and records agree. Its signature and place in the chain are not checked. */
export interface Block extends BlockEnvelope {
  readonly records: readonly BlockRecord[];
}

const classes: ReadonlySet<string> = new Set<BlockClass>(['access', 'refusal', 'admin']);
const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

const fault = (pointer: string, problem: string): { fault: Fault } => ({ fault: { pointer, problem } });

function wholeNumber(text: string): number | undefined {
  const value = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Only the one way to write 64 bytes: decoders pass over stray bits and characters. */
function signature(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === 64 && bytes.toString('base64url') === text ? bytes : undefined;
}

/** Reads subject and headers. Faults have pointers of the form `/headers/<name>` or `/subject`. */
export function parseEnvelope(message: BlockMessage): Parsed<BlockEnvelope> {
  const stamped = subjects.auditFrom.parse(message.subject);
  const place = stamped ?? subjects.audit.parse(message.subject);
  if (!place || !classes.has(place.class)) {
    return fault('/subject', `"${message.subject}" is not the subject of a block`);
  }
  const texts: Partial<Record<keyof typeof blockHeaders, string>> = {};
  for (const name of Object.keys(blockHeaders) as (keyof typeof blockHeaders)[]) {
    const text = message.header(blockHeaders[name]);
    if (text === undefined) return fault(`/headers/${name}`, `${blockHeaders[name]} is missing`);
    texts[name] = text;
  }
  for (const name of ['tenant', 'site', 'gateway', 'class'] as const) {
    if (texts[name] === place[name]) continue;
    return fault(`/headers/${name}`, `is "${texts[name]}", but the subject says "${place[name]}"`);
  }
  const { seq = '', prev = '', count = '', outcomes = '', sig = '' } = texts;
  const seqNumber = wholeNumber(seq);
  if (seqNumber === undefined) return fault('/headers/seq', `"${seq}" is not a whole number from 1`);
  const countNumber = wholeNumber(count);
  if (countNumber === undefined) return fault('/headers/count', `"${count}" is not a whole number from 1`);
  if (!/^[0-9a-f]{64}$/.test(prev)) return fault('/headers/prev', `"${prev}" is not a SHA-256 in hex`);
  if (!/^[A-Za-z_-]{1,40}=\d{1,16}(,[A-Za-z_-]{1,40}=\d{1,16})*$/.test(outcomes)) {
    return fault('/headers/outcomes', `"${outcomes}" is not of the form CODE=n,CODE=n`);
  }
  const sigBytes = signature(sig);
  if (!sigBytes) return fault('/headers/sig', 'is not 64 bytes in base64url');
  const fields: BlockFields = {
    tenant: place.tenant,
    site: place.site,
    gateway: place.gateway,
    class: place.class as BlockClass,
    seq: seqNumber,
    prev,
    count: countNumber,
    outcomes,
  };
  const input = signingInput(fields, message.body);
  return {
    value: {
      ...fields,
      source: stamped?.source,
      sig: sigBytes,
      signed: encoder.encode(input),
      hash: sha256(input),
    },
  };
}

/** The first fault that the schema does not see: foreign names, and numbers that cannot be added exactly. */
function recordFault(envelope: BlockEnvelope, record: BlockRecord): string | undefined {
  if (record.tenant !== envelope.tenant) return `is of tenant "${record.tenant}"`;
  if (classOf(record) !== envelope.class) return `is of class ${classOf(record)}`;
  if (!isAccess(record)) return undefined;
  if (record.site !== envelope.site) return `is of site "${record.site}"`;
  const names = [record.tenant, record.from.site, record.from.service, record.to.service];
  if (!names.every(isName)) return 'names a tenant, site or service by a reserved word';
  const numbers = [record.requestBytes, record.replyBytes, record.durationMicros, countOf(record)];
  return numbers.every(Number.isSafeInteger) ? undefined : 'holds a number that is out of range';
}

/**
 * Reads the body: every record against its schema, and all of them against the headers. Faults have pointers of
 * the form `/records/<index>…`, `/headers/count` or `/headers/outcomes`.
 */
export function parseRecords(envelope: BlockEnvelope, body: Uint8Array): Parsed<readonly BlockRecord[]> {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return fault('/records', 'are not UTF-8');
  }
  if (!text.endsWith('\n')) return fault('/records', 'do not end with a line feed');
  const lines = text.slice(0, -1).split('\n');
  const type = envelope.class === 'admin' ? 'AdminRecord' : 'AuditRecord';
  const records: BlockRecord[] = [];
  const outcomes = new Map<string, number>();
  let count = 0;
  for (const [index, line] of lines.entries()) {
    const pointer = `/records/${index}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      return fault(pointer, `is not JSON: ${(error as Error).message}`);
    }
    const parsed = check(type, value);
    if (parsed.fault) return fault(`${pointer}${parsed.fault.pointer}`, parsed.fault.problem);
    const record = parsed.value;
    const problem = recordFault(envelope, record);
    if (problem !== undefined) return fault(pointer, problem);
    records.push(record);
    count += countOf(record);
    outcomes.set(outcomeKey(record), (outcomes.get(outcomeKey(record)) ?? 0) + countOf(record));
  }
  if (count !== envelope.count) {
    return fault('/headers/count', `is ${envelope.count}, but the records stand for ${count}`);
  }
  if (outcomesText(outcomes) !== envelope.outcomes) {
    return fault(
      '/headers/outcomes',
      `is "${envelope.outcomes}", but the records have "${outcomesText(outcomes)}"`,
    );
  }
  return { value: records };
}

/**
 * Reads a block and checks that subject, headers and records agree; the signature and the chain are the
 * verifier's. Gives the first fault.
 */
export function parseBlock(message: BlockMessage): Parsed<Block> {
  const envelope = parseEnvelope(message);
  if (envelope.fault) return envelope;
  const records = parseRecords(envelope.value, message.body);
  if (records.fault) return records;
  return { value: { ...envelope.value, records: records.value } };
}
