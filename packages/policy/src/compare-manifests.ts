import {
  defaultMaxReplyBytes,
  defaultMaxRequestBytes,
  type EndpointDescription,
  escapePointer,
  type Manifest,
  majorOf,
} from '@causeway/protocol';
import { canonicalJson } from './canonical-json.ts';
import { contractOf, differences, type ValueDifference } from './json-schema/contract.ts';

/** One difference between two manifests of an API. */
export interface ManifestDifference {
  /** Into the published manifest or, for what was added, into the proposed one. */
  readonly pointer: string;
  readonly what: string;
  /** True where a caller of the published API may fail. */
  readonly breaking: boolean;
}

/** What publishing the proposed manifest in place of the published one would mean. */
export interface Comparison {
  /** `same`: nothing. `changed`: no caller can notice. `incompatible`: at least one difference is breaking. */
  readonly verdict: 'same' | 'changed' | 'incompatible';
  readonly differences: readonly ManifestDifference[];
}

function wordsFor({ before, after }: ValueDifference): string {
  const cut = (value: unknown) => {
    const text = JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 77)}...` : text;
  };
  if (before === undefined) return `was added: ${cut(after)}`;
  if (after === undefined) return `was removed: ${cut(before)}`;
  return `was ${cut(before)}, is ${cut(after)}`;
}

function settings(endpoint: EndpointDescription) {
  return {
    idempotent: endpoint.idempotent ?? false,
    checkReply: endpoint.checkReply ?? false,
    maxRequestBytes: endpoint.maxRequestBytes ?? defaultMaxRequestBytes,
    maxReplyBytes: endpoint.maxReplyBytes ?? defaultMaxReplyBytes,
  };
}

function compareEndpoints(before: EndpointDescription, after: EndpointDescription, pointer: string) {
  const found: ManifestDifference[] = [];
  for (const side of ['request', 'reply'] as const) {
    const contract = differences(contractOf(before[side]), contractOf(after[side]), `${pointer}/${side}`);
    for (const difference of contract) {
      found.push({ pointer: difference.pointer, what: wordsFor(difference), breaking: true });
    }
    // The same demands in other words.
    if (contract.length === 0 && canonicalJson(before[side]) !== canonicalJson(after[side])) {
      found.push({ pointer: `${pointer}/${side}`, what: 'has other descriptions', breaking: false });
    }
  }
  const old = settings(before);
  const now = settings(after);
  for (const name of Object.keys(old) as (keyof typeof old)[]) {
    if (old[name] === now[name]) continue;
    // Less than was promised breaks callers; more does not. As numbers, true is more than false.
    const what = wordsFor({ pointer: '', before: old[name], after: now[name] });
    found.push({ pointer: `${pointer}/${name}`, what, breaking: Number(now[name]) < Number(old[name]) });
  }
  if (before.description !== after.description) {
    found.push({ pointer: `${pointer}/description`, what: 'is another text', breaking: false });
  }
  return found;
}

/**
 * Compares a manifest with the one published under the same name and major. The rule is conservative.
 *
 * Incompatible: another service or major; an endpoint removed; any change of what a request or reply schema
 * demands, even one that admits more; `idempotent` or `checkReply` taken back; `maxRequestBytes` or `maxReplyBytes`
 * lowered.
 * Changed: endpoints added, other descriptions, titles, examples, comments or `x-…` annotations, another version
 * string of the same major, a limit raised, `idempotent` or `checkReply` promised. Same: nothing of these. The tenant is not
 * compared: a service leaves it out.
 */
export function compareManifests(published: Manifest, proposed: Manifest): Comparison {
  const found: ManifestDifference[] = [];
  if (published.service !== proposed.service) {
    const what = wordsFor({ pointer: '', before: published.service, after: proposed.service });
    found.push({ pointer: '/service', what, breaking: true });
  }
  if (published.version !== proposed.version) {
    const what = wordsFor({ pointer: '', before: published.version, after: proposed.version });
    const breaking = majorOf(published.version) !== majorOf(proposed.version);
    found.push({ pointer: '/version', what, breaking });
  }
  if (published.description !== proposed.description) {
    found.push({ pointer: '/description', what: 'is another text', breaking: false });
  }
  const before = new Map(Object.entries(published.endpoints));
  const after = new Map(Object.entries(proposed.endpoints));
  for (const [name, endpoint] of before) {
    const pointer = `/endpoints/${escapePointer(name)}`;
    const now = after.get(name);
    if (now) found.push(...compareEndpoints(endpoint, now, pointer));
    else found.push({ pointer, what: 'was removed', breaking: true });
  }
  for (const name of after.keys()) {
    if (before.has(name)) continue;
    found.push({ pointer: `/endpoints/${escapePointer(name)}`, what: 'was added', breaking: false });
  }
  const breaking = found.some((difference) => difference.breaking);
  return {
    verdict: breaking ? 'incompatible' : found.length > 0 ? 'changed' : 'same',
    differences: found,
  };
}

/** True where two manifests promise the same: equal but for descriptions and the tenant. */
export function sameContract(a: Manifest, b: Manifest): boolean {
  const contract = ({ service, version, endpoints }: Manifest) =>
    canonicalJson({
      service,
      version,
      endpoints: Object.fromEntries(
        Object.entries(endpoints).map(([name, endpoint]) => [
          name,
          { ...settings(endpoint), request: contractOf(endpoint.request), reply: contractOf(endpoint.reply) },
        ]),
      ),
    });
  return contract(a) === contract(b);
}
