import { isName, nameFault, parseApiEndpoint } from '@causeway/protocol';
import { InvalidArgumentError } from 'commander';

/** A service's identity. */
export interface ServiceName {
  readonly tenant: string;
  readonly site: string;
  readonly service: string;
}

/** Parses `TENANT/SITE/NAME`; for arguments and options. */
export function parseServiceName(text: string): ServiceName {
  const parts = text.split('/');
  if (parts.length !== 3) throw new InvalidArgumentError('Expected TENANT/SITE/NAME.');
  const [tenant = '', site = '', service = ''] = parts;
  for (const [what, name] of [
    ['tenant', tenant],
    ['site', site],
    ['service', service],
  ] as const) {
    const fault = nameFault(what, name);
    if (fault) throw new InvalidArgumentError(`${fault}.`);
  }
  return { tenant, site, service };
}

/** Parses `TENANT/SITE/NAME`, or the name of a site. */
export function parseServiceOrSite(text: string): ServiceName | string {
  return text.includes('/') ? parseServiceName(text) : parseName(text);
}

/** Parses `SERVICE.vMAJOR.ENDPOINT`, with `@SITE` or without. */
export function parseTarget(text: string): NonNullable<ReturnType<typeof parseApiEndpoint>> {
  const target = parseApiEndpoint(text);
  if (!target) throw new InvalidArgumentError('Expected SERVICE.vMAJOR.ENDPOINT, such as quotes.v1.latest.');
  return target;
}

/** Parses one name. */
export function parseName(text: string): string {
  const fault = nameFault('the name', text);
  if (fault) throw new InvalidArgumentError(`${fault}.`);
  return text;
}

/** Collects names from an option that may come several times and hold several, divided by commas. */
export function collectNames(text: string, before: readonly string[] = []): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  for (const name of names) parseName(name);
  return [...before, ...names];
}

/** Collects `KEY=VALUE` from an option that may come several times. */
export function collectPairs(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected KEY=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** As `collectPairs`, for `SITE=HOST`. */
export function collectHosts(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const pairs = collectPairs(text, before);
  for (const [site, host] of Object.entries(pairs)) {
    if (!isName(site)) throw new InvalidArgumentError(`${JSON.stringify(site)} is no name of a site.`);
    if (!/^[A-Za-z0-9.:-]+$/.test(host)) throw new InvalidArgumentError('Expected SITE=HOST.');
  }
  return pairs;
}

/** Collects texts from an option that may come several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Parses a whole number above zero. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('Expected a number above 0.');
  return count;
}
