import type { ExplainReply, Quota, Windows } from '@causeway/protocol';
import { yamlText } from '../output/format.ts';
import { printableLine } from '../output/terminal.ts';

type Site = ExplainReply['sites'][number];

/** Milliseconds in the largest unit that they are whole in, as policies write durations. */
function durationText(ms: number): string {
  for (const [unit, length] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const) {
    if (ms % length === 0 && (unit !== 'd' || ms > length)) return `${ms / length}${unit}`;
  }
  return `${ms / 1000}s`;
}

/** A quota as people say it: 1000 calls a day. */
function quotaTexts(quota: Quota): string[] {
  return Object.entries(quota).flatMap(([unit, windows]: [string, Windows]) =>
    Object.entries(windows).map(
      ([window, amount]) => `${amount} ${unit} ${window === 'hour' ? 'an' : 'a'} ${window}`,
    ),
  );
}

/** How a caller that names no site tries them. */
function routeText({ policy, order = [], weights }: NonNullable<Site['route']>): string {
  const sites = order.map((site) =>
    weights?.[site] === undefined ? site : `${site} (weight ${weights[site]})`,
  );
  return `${sites.join(', then ')} (${policy})`;
}

function limitText({ policy, ...limits }: Site['limits'][number]): string {
  const parts = Object.entries(limits).flatMap(([name, value]) =>
    typeof value === 'object' ? quotaTexts(value) : [`${name} ${String(value)}`],
  );
  return `${parts.join(', ')} (${policy})`;
}

/** What a site says of a call, in lines; policies that match come first. */
function siteText(site: Site): string[] {
  const { considered = [], omitted = 0 } = site;
  const lines = [`${site.site}: ${site.decision} ${site.code}`, `  reason   ${site.reason}`];
  if (site.policy !== null) lines.push(`  decides  ${site.policy}`);
  if (site.decision === 'allow') {
    const more = site.omittedLimits === undefined ? '' : `; and those of ${site.omittedLimits} more`;
    lines.push(
      `  limits   ${site.limits.length === 0 ? 'none' : site.limits.map(limitText).join('; ')}${more}`,
    );
    if (site.route !== undefined) lines.push(`  route    ${routeText(site.route)}`);
    lines.push(`  audit    ${site.audit ?? 'prompt'}`);
    if (site.lease !== undefined) lines.push(`  offline  ${durationText(site.lease)} without the registry`);
  }
  if (site.until !== undefined) {
    lines.push(`  until    ${new Date(site.until).toISOString()}, when a policy begins or ends`);
  }
  const matching = considered.filter(({ matched }) => matched);
  for (const { policy, effect } of matching) lines.push(`  + ${effect} ${policy}: matches`);
  if (site.omittedMatching !== undefined) lines.push(`  + ${site.omittedMatching} more that match`);
  for (const { policy, effect, field, why } of considered.slice(matching.length)) {
    lines.push(`  - ${effect} ${policy}: ${field} ${why}`);
  }
  if (omitted > 0) lines.push(`  - ${omitted} more that do not match`);
  if (site.advice !== undefined) lines.push(`  to have it allowed: ${site.advice}`);
  return lines.map(printableLine);
}

/**
 * The answer of `causeway explain` for people: for each site the decision and what came of each policy, below them the
 * policies that would allow the call, as YAML that `apply` takes.
 */
export function explainScreen(reply: ExplainReply): string {
  const sites = reply.sites.map((site) => `${siteText(site).join('\n')}\n`);
  if (reply.omittedSites !== undefined) {
    sites.push(`${reply.omittedSites} more sites serve it; ask for one of them with @SITE\n`);
  }
  const additions = reply.sites.flatMap(({ add }) => (add === undefined ? [] : [`---\n${yamlText(add)}`]));
  return [...sites, ...additions].join('\n');
}
