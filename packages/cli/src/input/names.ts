import { isIP } from 'node:net';
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
    if (!isHost(host)) {
      throw new InvalidArgumentError(`Expected SITE=HOST; ${JSON.stringify(host)} is no name or address.`);
    }
  }
  return pairs;
}

/** Parses a host name or address. */
export function parseHost(text: string): string {
  if (!isHost(text)) throw new InvalidArgumentError('Expected a host name or address.');
  return text;
}

/** Collects host names and addresses from an option that may come several times. */
export function collectHostNames(text: string, before: readonly string[] = []): string[] {
  return [...before, parseHost(text)];
}

/** A name of DNS (RFC 1123, section 2.1) or an address. */
function isHost(text: string): boolean {
  const labels = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
  return isIP(text) !== 0 || (text.length <= 253 && labels.test(text));
}

/** Parses the path of a file or folder: anything but nothing, which would be the folder that one stands in. */
export function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected a path.');
  return text;
}

/** Collects paths from an option that may come several times. */
export function collectPaths(text: string, before: readonly string[] = []): string[] {
  return [...before, parsePath(text)];
}

/** As a signed number of 32 bits has it: of milliseconds, a timer's longest. */
const mostCount = 2_000_000;

/** Parses a whole number above zero that is no slip of the hand. */
export function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new InvalidArgumentError('Expected a number above 0.');
  if (count > mostCount) throw new InvalidArgumentError(`Expected a number up to ${mostCount}.`);
  return count;
}
