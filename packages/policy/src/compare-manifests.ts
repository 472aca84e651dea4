import {
  defaultMaxReplyBytes,
  defaultMaxRequestBytes,
  type EndpointDescription,
  escapePointer,
  type Manifest,
  majorOf,
} from '@causeway/protocol';
import { canonicalJson } from './canonical-json.ts';
import { maxCompareSteps, schemaBreaks, sidePointer } from './compare-schemas.ts';
import { type Contracts, contractsOf, sameWords } from './contracts.ts';
import { contractOf, differences, type ValueDifference } from './json-schema/contract.ts';
import { createSteps, type Steps } from './json-schema/steps.ts';
import { shortJson } from './short-json.ts';

/** One difference between two manifests of an API. */
export interface ManifestDifference {
  /** Into the proposed manifest or, for what was removed and for replies, into the published one. */
  readonly pointer: string;
  /** What was and what is, and where it is breaking, why. */
  readonly what: string;
  /** What stood there; absent where there was nothing. */
  readonly before?: unknown;
  /** What stands there now; absent where there is nothing. */
  readonly after?: unknown;
  /** Why a caller may fail; absent where none can. */
  readonly why?: string;
  /** True where a caller of the published API may fail. */
  readonly breaking: boolean;
}

/** What publishing the proposed manifest in place of the published one would mean. */
export interface Comparison {
  /** `same`: nothing. `changed`: no caller can notice. `incompatible`: at least one difference is breaking. */
  readonly verdict: 'same' | 'changed' | 'incompatible';
  readonly differences: readonly ManifestDifference[];
}

/** Differences inside one schema that are listed where none of them is breaking. */
const mostListed = 50;

function wordsFor({ before, after }: Omit<ValueDifference, 'pointer'>): string {
  const cut = (value: unknown) => shortJson(value, 80);
  if (before === undefined && after === undefined) return 'is another';
  if (before === undefined) return `was added: ${cut(after)}`;
  if (after === undefined) return `was removed: ${cut(before)}`;
  return `was ${cut(before)}, is ${cut(after)}`;
}

/** A difference, breaking where there is a reason. */
function differs(place: ValueDifference, why?: string): ManifestDifference {
  const { pointer, before, after } = place;
  const words = wordsFor(place);
  return {
    pointer,
    what: why === undefined ? words : `${words}: ${why}`,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(why === undefined ? {} : { why }),
    breaking: why !== undefined,
  };
}

function settings(endpoint: EndpointDescription) {
  return {
    idempotent: endpoint.idempotent ?? false,
    checkReply: endpoint.checkReply ?? false,
    maxRequestBytes: endpoint.maxRequestBytes ?? defaultMaxRequestBytes,
    maxReplyBytes: endpoint.maxReplyBytes ?? defaultMaxReplyBytes,
  };
}

/** Why another value of a setting breaks a caller; undefined where it does not. */
const settingBreaks: {
  readonly [K in keyof ReturnType<typeof settings>]: (before: number, after: number) => string | undefined;
} = {
  idempotent: (before, after) =>
    after < before ? 'callers repeat calls of it that may have run' : undefined,
  checkReply: (before, after) => (after < before ? 'callers rely on replies that are checked' : undefined),
  maxRequestBytes: (before, after) =>
    after < before ? `callers may send more than ${after} bytes, which is refused now` : undefined,
  maxReplyBytes: (before, after) =>
    after > before ? `callers may have room for no more than ${before} bytes` : undefined,
};

type Side = 'request' | 'reply';

/** Two manifests, what their schemas ask for, and the steps that comparing them may take. */
interface Compared {
  readonly manifests: readonly [Manifest, Manifest];
  readonly contracts: readonly [Contracts, Contracts];
  readonly steps: Steps;
}

function compareSide(
  { manifests: [before, after], contracts, steps }: Compared,
  name: string,
  side: Side,
): ManifestDifference[] {
  const placed = ({ endpoints, $defs }: Manifest) => ({ schema: endpoints[name]?.[side], shared: $defs });
  const [old, now] = [placed(before), placed(after)];
  const pointer = sidePointer(name, side);
  const isSame = sameWords(...contracts, name, side);
  if (!isSame) {
    const breaks = schemaBreaks(side, old, now, pointer, steps);
    if (breaks.length > 0) return breaks.map(({ why, ...place }) => differs(place, why));
  }
  const places = isSame
    ? []
    : differences(contracts[0].side(name, side), contracts[1].side(name, side), pointer);
  if (places.length > 0) return places.slice(0, mostListed).map((place) => differs(place));
  // The same demands in other words.
  return canonicalJson(old.schema) === canonicalJson(now.schema)
    ? []
    : [{ pointer, what: 'has other descriptions', breaking: false }];
}

function compareEndpoints(compared: Compared, name: string): ManifestDifference[] {
  const [before, after] = compared.manifests.map(
    ({ endpoints }) => endpoints[name] as EndpointDescription,
  ) as [EndpointDescription, EndpointDescription];
  const pointer = `/endpoints/${escapePointer(name)}`;
  const found = [...compareSide(compared, name, 'request'), ...compareSide(compared, name, 'reply')];
  const old = settings(before);
  const now = settings(after);
  for (const setting of Object.keys(old) as (keyof typeof old)[]) {
    if (old[setting] === now[setting]) continue;
    // As numbers, true is more than false.
    const why = settingBreaks[setting](Number(old[setting]), Number(now[setting]));
    found.push(differs({ pointer: `${pointer}/${setting}`, before: old[setting], after: now[setting] }, why));
  }
  if (before.description !== after.description) {
    found.push({ pointer: `${pointer}/description`, what: 'is another text', breaking: false });
  }
  if (canonicalJson(before.examples) !== canonicalJson(after.examples)) {
    found.push({ pointer: `${pointer}/examples`, what: 'are others', breaking: false });
  }
  return found;
}

/** What is neither an endpoint nor breaks anyone. */
function compareRest({ manifests: [published, proposed], contracts }: Compared): ManifestDifference[] {
  const found: ManifestDifference[] = [];
  if (published.description !== proposed.description) {
    found.push({ pointer: '/description', what: 'is another text', breaking: false });
  }
  for (const name of ['owner', 'deprecated'] as const) {
    const [before, after] = [published[name], proposed[name]];
    if (canonicalJson(before) !== canonicalJson(after))
      found.push(differs({ pointer: `/${name}`, before, after }));
  }
  // What they mean to the endpoints that refer to them is compared there.
  const places = differences(contracts[0].shared, contracts[1].shared, '/$defs');
  found.push(...places.slice(0, mostListed).map((place) => differs(place)));
  if (places.length === 0 && canonicalJson(published.$defs) !== canonicalJson(proposed.$defs)) {
    found.push({ pointer: '/$defs', what: 'have other descriptions', breaking: false });
  }
  return found;
}

/**
 * Compares a manifest with the one published under the same name and major, in the direction that matters:
 * requests may be widened and replies narrowed (docs/contracts.md).
 *
 * Incompatible: another service or major; an endpoint removed; a request that was valid and is refused now; a reply
 * that can come now and could not; any change under a keyword outside the subset; `idempotent` or `checkReply` taken
 * back; `maxRequestBytes` lowered or `maxReplyBytes` raised.
 * Changed: all else, down to descriptions. Same: nothing. The tenant is not compared: a service leaves it out.
 */
export function compareManifests(published: Manifest, proposed: Manifest): Comparison {
  const found: ManifestDifference[] = [];
  const compared: Compared = {
    manifests: [published, proposed],
    contracts: [contractsOf(published), contractsOf(proposed)],
    steps: createSteps(maxCompareSteps),
  };
  if (published.service !== proposed.service) {
    const place = { pointer: '/service', before: published.service, after: proposed.service };
    found.push(differs(place, 'callers call it by its name'));
  }
  if (published.version !== proposed.version) {
    const place = { pointer: '/version', before: published.version, after: proposed.version };
    const isOther = majorOf(published.version) !== majorOf(proposed.version);
    found.push(differs(place, isOther ? 'callers call it by its major version' : undefined));
  }
  for (const name of Object.keys(published.endpoints)) {
    if (Object.hasOwn(proposed.endpoints, name)) {
      found.push(...compareEndpoints(compared, name));
    } else {
      const why = 'callers may call it';
      const what = `was removed: ${why}`;
      found.push({ pointer: `/endpoints/${escapePointer(name)}`, what, why, breaking: true });
    }
  }
  for (const name of Object.keys(proposed.endpoints)) {
    if (Object.hasOwn(published.endpoints, name)) continue;
    found.push({ pointer: `/endpoints/${escapePointer(name)}`, what: 'was added', breaking: false });
  }
  found.push(...compareRest(compared));
  // One of the manifest's $defs may break many endpoints at the same place.
  const once = [...new Map(found.map((each) => [`${each.pointer}\n${each.what}`, each])).values()];
  const broken = new Set(once.filter(({ breaking }) => breaking).map(({ pointer }) => pointer));
  const listed = once.filter(({ breaking, pointer }) => breaking || !broken.has(pointer));
  return {
    verdict: broken.size > 0 ? 'incompatible' : found.length > 0 ? 'changed' : 'same',
    differences: listed,
  };
}

/**
 * True where two manifests promise the same: equal but for descriptions, examples and the tenant. An owner or a
 * deprecation that the second says nothing of is taken to be the first's, as publishing does.
 */
export function sameContract(a: Manifest, b: Manifest): boolean {
  const contract = ({ service, version, endpoints, $defs, owner, deprecated }: Manifest) =>
    canonicalJson({
      ...{ service, version, owner, deprecated },
      $defs: contractsOf({ endpoints: {}, ...($defs === undefined ? {} : { $defs }) }).shared,
      endpoints: Object.fromEntries(
        Object.entries(endpoints).map(([name, endpoint]) => [
          name,
          { ...settings(endpoint), request: contractOf(endpoint.request), reply: contractOf(endpoint.reply) },
        ]),
      ),
    });
  return contract(a) === contract(withStanding(a, b));
}

/** A manifest as a service publishes it over the one that stands: what only people say is kept where it is silent. */
export function withStanding<M extends Manifest>(standing: Manifest, proposed: M): M {
  const { owner, deprecated } = standing;
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...proposed,
  };
}
