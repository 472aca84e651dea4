import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { root } from '../support/source-files.ts';

/** A service of docker-compose.yml: what of it the tests use. */
export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly args: Readonly<Record<string, string>> };
  readonly user?: string;
  readonly init?: boolean;
  readonly restart: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  /** `path:options`. */
  readonly tmpfs?: readonly string[];
  readonly profiles?: readonly string[];
  readonly network_mode?: string;
  readonly networks?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  /** `source:target[:ro]`. */
  readonly volumes: readonly string[];
}

/** docker-compose.yml. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, null>>;
}

/** Reads docker-compose.yml, anchors and merges resolved, variables left as they are written. */
export function readCompose(): ComposeFile {
  return parse(readFileSync(path.join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as ComposeFile;
}

/** A mount of a service, taken apart. */
export function mountOf(text: string): { source: string; target: string; readOnly: boolean; named: boolean } {
  const [source = '', target = '', mode] = text.split(':');
  return { source, target, readOnly: mode === 'ro', named: !source.startsWith('.') };
}
