import type { AdminRecord, AuditRecord } from '@causeway/protocol';

/** Class of a block, the last token of its subject. One chain holds blocks of all classes. */
export type BlockClass = 'access' | 'refusal' | 'admin';

/** A record as a block holds it: of an access or refusal, or of an administrator's act. */
export type BlockRecord = AuditRecord | AdminRecord;

/** True for the record of an access or refusal, false for an administrator's act. */
export function isAccess(record: BlockRecord): record is AuditRecord {
  return 'code' in record;
}

/** What a block's header counts the record under: its code; for an administrator's act, its operation. */
export function outcomeKey(record: BlockRecord): string {
  return isAccess(record) ? record.code : record.op;
}

/** The class of block a record belongs in: `access` where the policies admitted the call, carried out or not. */
export function classOf(record: BlockRecord): BlockClass {
  if (!isAccess(record)) return 'admin';
  return record.decision === 'allowed' || record.decision === 'failed' ? 'access' : 'refusal';
}

/** How many calls or acts the record stands for. */
export function countOf(record: BlockRecord): number {
  return isAccess(record) ? (record.count ?? 1) : 1;
}

// Printable ASCII but quote and backslash: what JSON writes as it stands.
const plain = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

function numeral(value: number): string {
  return Number.isFinite(value) ? `${value}` : 'null';
}

/**
 * A record of an access as one line of JSON, without a line end: what JSON.stringify gives for the record with
 * its fields in the schema's order. Written by hand: it is on the path of every call, and takes half the time.
 */
export function recordLine(record: AuditRecord): string {
  const { from, to } = record;
  let line = `{"call":${quoted(record.call)},"at":${numeral(record.at)},"tenant":${quoted(record.tenant)}`;
  line += `,"from":{"site":${quoted(from.site)},"service":${quoted(from.service)}}`;
  line += `,"to":{"service":${quoted(to.service)},"major":${numeral(to.major)}`;
  line += `,"endpoint":${quoted(to.endpoint)}`;
  if (to.requested !== undefined) line += `,"requested":${quoted(to.requested)}`;
  line += `},"site":${quoted(record.site)},"decision":"${record.decision}"`;
  line += `,"policy":${record.policy === null ? 'null' : quoted(record.policy)},"code":${quoted(record.code)}`;
  if (record.reason !== undefined) line += `,"reason":${quoted(record.reason)}`;
  line += `,"requestBytes":${numeral(record.requestBytes)},"replyBytes":${numeral(record.replyBytes)}`;
  line += `,"durationMicros":${numeral(record.durationMicros)}`;
  if (record.instance !== undefined) line += `,"instance":${quoted(record.instance)}`;
  if (record.trace !== undefined) line += `,"trace":${quoted(record.trace)}`;
  if (record.count !== undefined) line += `,"count":${numeral(record.count)}`;
  return `${line}}`;
}
