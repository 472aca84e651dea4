import type { AuditRecord } from '@causeway/protocol';
import type { CallReport } from '../calls.ts';
import type { Scene } from '../scenario/scenes.ts';

/** Calls of one scene that ended alike. */
export interface ShownCall {
  readonly scene: Scene;
  readonly site: string;
  /** Calls that ended so; more than one after a burst. */
  readonly count: number;
  /** The result in a few words; empty for a refusal. */
  readonly result: string;
  /** One of the calls, the slowest. */
  readonly report: CallReport;
}

/** A site as the registry sees it. */
export interface ShownSite {
  readonly name: string;
  readonly gateways: readonly { readonly name: string; readonly alive: boolean }[];
  /** Accounts whose leaf link to the hub is up; undefined for the hub itself. */
  readonly links: readonly string[] | undefined;
  /** Blocks of records that the cloud does not have yet. */
  readonly lag: number;
  /** APIs served there, with the number of instances. */
  readonly apis: readonly { readonly name: string; readonly endpoints: readonly string[] }[];
}

/** Counters of one caller at one API, endpoints added up. */
export interface ShownCounter {
  readonly caller: string;
  readonly api: string;
  readonly calls: bigint;
  readonly ok: bigint;
  readonly bytes: bigint;
}

/** Where the demonstration shows what happens. */
export interface Screen {
  sites(sites: readonly ShownSite[]): void;
  call(call: ShownCall): void;
  record(record: AuditRecord): void;
  counters(counters: readonly ShownCounter[]): void;
  /** Something that belongs to none of the sections. */
  note(text: string): void;
  /** Ends the sections; only `note` and `lines` may follow. */
  close(): void;
  /** Lines as they stand, one below the other. */
  lines(lines: readonly string[]): void;
}
