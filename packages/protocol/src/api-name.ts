import { isEndpoint, isName } from './subjects/tokens.ts';

/** The major version of a manifest's `version`. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/** `quotes.v1`: how an API is written on the command line and in messages. */
export function apiName(service: string, major: number): string {
  return `${service}.v${major}`;
}

/** An endpoint as the command line writes it: `SERVICE.vMAJOR.ENDPOINT`, with `@SITE` or without. */
export interface ApiEndpoint {
  readonly service: string;
  readonly major: number;
  readonly endpoint: string;
  readonly site: string | undefined;
}

const pattern = /^([^.@]+)\.v(0|[1-9]\d{0,3})\.([^.@]+)(?:@([^.@]+))?$/;

/** Parses `quotes.v1.latest` or `quotes.v1.latest@edge-a`; undefined where the text is neither. */
export function parseApiEndpoint(text: string): ApiEndpoint | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, service = '', major = '', endpoint = '', site] = match;
  if (!isName(service) || !isEndpoint(endpoint) || (site !== undefined && !isName(site))) return undefined;
  return { service, major: Number(major), endpoint, site };
}
