import type { AccessChanges, ApiDocument, Documents } from '@causeway/policy';
import { majorOf, type Service } from '@causeway/protocol';
import type { LateCall } from './call-history.ts';

/** Names that are listed; of more, how many there are. */
const mostNamed = 5;

function listed(names: readonly string[]): string {
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  return `${names.slice(0, mostNamed).join(', ')}${more}`;
}

/** Who would lose access without a policy. */
export function usesOfPolicy({ lost, entries, unchecked }: AccessChanges): string[] {
  if (lost === 0) return unchecked ? ['it concerns more calls than can be compared'] : [];
  const losing = entries.filter(({ change }) => change === 'lost');
  const calls = losing.map(({ from, api, endpoint, site }) => `${from} ${api}.${endpoint}@${site}`);
  const more = lost > losing.length ? ` and ${lost - losing.length} more` : '';
  return [`it alone allows ${listed(calls)}${more}`];
}

/** Who serves an API, and which policies name it. */
export function usesOfApi(documents: Documents, api: ApiDocument, sites: readonly string[]): string[] {
  const major = majorOf(api.version);
  const majors = documents.apis.filter(
    ({ tenant, service }) => tenant === api.tenant && service === api.service,
  );
  const naming = documents.policies
    .filter(({ tenant, to }) => tenant === api.tenant && to.service === api.service)
    // Without a major a policy means all there are: it is about something as long as one of them stays.
    .filter(({ to }) => to.major === major || (to.major === undefined && majors.length === 1))
    .map(({ name }) => name);
  return [
    ...(sites.length === 0 ? [] : [`served at ${listed(sites)}`]),
    ...(naming.length === 0 ? [] : [`named by policies ${listed([...naming].sort())}`]),
  ];
}

/** Who has called it. */
export function latelyCalled(calls: readonly LateCall[], now: number): string[] {
  if (calls.length === 0) return [];
  const who = calls.map(({ from, endpoint, at }) => `${from} (${endpoint}, ${ago(now - at)} ago)`);
  return [`called by ${listed(who)}`];
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/** What an identity serves, to be said behind its name. */
export function servedBy({ hosts = [], name, site }: Service): string {
  if (hosts.length === 0) return '';
  return `, and serves ${listed(hosts.map((major) => `${name}.v${major}`))} at ${site}`;
}
