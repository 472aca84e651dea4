import { maxHosts } from '@causeway/identity';
import {
  type ApiDocument,
  type Comparison,
  canonicalJson,
  checkManifest,
  compareManifests,
  shortJson,
  withStanding,
} from '@causeway/policy';
import {
  CausewayError,
  type Clock,
  documentKeys,
  type Manifest,
  majorOf,
  type Service,
} from '@causeway/protocol';
import type { Compiler } from '../compile/compiler.ts';
import { type AnyDocument, type DocumentStore, keyOf } from '../documents/store.ts';
import { createTimeBudget, type TimeShare } from './time-budget.ts';

/** Publishes the APIs that services register. */
export interface Publishing {
  /** Publishes APIs of a service at a site and resolves with the revision that the site must reach. */
  publish(tenant: string, site: string, service: string, apis: readonly Manifest[]): Promise<number>;
}

/** Major versions that one service may serve at a site. */
const maxMajors = 16;
/** Largest manifest in bytes of JSON. */
const maxManifestBytes = 200_000;

/** Checking 256 endpoints takes some 0.4 s; no site may keep the registry from its other work with that. */
const perSite: TimeShare = { burstMs: 2_000, share: 0.1 };

/** A manifest as it may be published. */
export interface AcceptedManifest {
  readonly api: ApiDocument;
  /** What it changes of the one that stands under its major; undefined where none does. */
  readonly comparison: Comparison | undefined;
}

/**
 * Checks a manifest by itself and against what stands under the same major. Throws INVALID_REQUEST with the
 * place of the fault, or INCOMPATIBLE_API with every difference.
 */
export function acceptManifest(store: DocumentStore, tenant: string, manifest: unknown): AcceptedManifest {
  const bytes = Buffer.byteLength(JSON.stringify(manifest) ?? '');
  if (bytes > maxManifestBytes) {
    throw new CausewayError(
      'PAYLOAD_TOO_LARGE',
      `the manifest has ${bytes} bytes; ${maxManifestBytes} are taken`,
    );
  }
  const parsed = checkManifest(manifest);
  if (parsed.fault) {
    const { pointer, problem } = parsed.fault;
    throw new CausewayError('INVALID_REQUEST', `manifest${pointer} ${problem}`, { pointer });
  }
  const api: ApiDocument = { ...parsed.value, tenant };
  const major = majorOf(api.version);
  const standing = store.get(documentKeys.api(tenant, api.service, major));
  if (standing?.kind !== 'api') return { api, comparison: undefined };
  const comparison = compareManifests(standing, api);
  if (comparison.verdict === 'incompatible') {
    throw incompatible(`${api.service} v${major}`, `${major + 1}.0.0`, comparison);
  }
  return { api, comparison };
}

/** Breaking differences that a refusal holds, each with this many characters of what was and is. */
const mostDifferences = 500;
const mostShown = 200;

function incompatible(name: string, nextVersion: string, { differences }: Comparison): CausewayError {
  const breaking = differences.filter((difference) => difference.breaking);
  const shown = (value: unknown) => shortJson(value, mostShown);
  const list = breaking
    .slice(0, mostDifferences)
    .map(({ pointer, what }) => `${pointer.slice(0, mostShown)} ${what}`)
    .join('; ');
  // The way out comes first: a long list is cut off in the text, and whole in the differences.
  const count = breaking.length === 1 ? '1 difference' : `${breaking.length} differences`;
  return new CausewayError(
    'INCOMPATIBLE_API',
    `${name} would break its callers (${count}; to break them, publish it as version ${nextVersion}): ${list}`,
    {
      pointer: breaking[0]?.pointer ?? '',
      differences: breaking.slice(0, mostDifferences).map(({ pointer, before, after, why = '' }) => ({
        pointer: pointer.slice(0, mostShown * 5),
        ...(before === undefined ? {} : { before: shown(before) }),
        ...(after === undefined ? {} : { after: shown(after) }),
        why: why.slice(0, mostShown * 2),
      })),
    },
  );
}

/** Creates the publishing. Requests that come while another is under way are put together into one change. */
export function createPublishing(options: {
  store: DocumentStore;
  compiler: Compiler;
  clock: Pick<Clock, 'monotonic'>;
}): Publishing {
  const { store, compiler, clock } = options;
  const checking = createTimeBudget(clock, perSite);
  let queue: { prepare: () => AnyDocument[]; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let running = false;

  /** One site's instance must not change the contract that others serve and are called by. */
  function servedElsewhere(tenant: string, site: string, name: string, major: number): boolean {
    return store.all.sites.some((other) => {
      if (other.name === site) return false;
      const service = store.get(documentKeys.service(tenant, other.name, name));
      return service?.kind === 'service' && service.hosts?.includes(major);
    });
  }

  /** Whether this very manifest is published: what every start of an instance says again costs no check. */
  function stands(tenant: string, manifest: Manifest): boolean {
    const standing = store.get(documentKeys.api(tenant, manifest.service, majorOf(manifest.version)));
    return (
      standing?.kind === 'api' &&
      canonicalJson(standing) === canonicalJson({ ...withStanding(standing, manifest), tenant })
    );
  }

  /** An API that an administrator deprecated stays so when its service starts again and says nothing of it. */
  function keeping(tenant: string, manifest: Manifest): Manifest {
    if (!/^\d{1,4}\./.test(manifest.version)) return manifest;
    const standing = store.get(documentKeys.api(tenant, manifest.service, majorOf(manifest.version)));
    return standing?.kind === 'api' ? withStanding(standing, manifest) : manifest;
  }

  /** Checks a manifest on the site's share of the registry's time, comparing included. */
  function accepted(site: string, tenant: string, manifest: Manifest): AcceptedManifest {
    const checked = checking.spend(site, () => acceptManifest(store, tenant, keeping(tenant, manifest)));
    if ('done' in checked) return checked.done;
    throw new CausewayError('OVERLOADED', `site ${site} publishes more than the registry can check`, {
      retryAfter: checked.waitMs,
    });
  }

  /** Throws where a tenant serves as many at a site as its gateway's user can name. */
  function requireRoom(tenant: string, site: string): void {
    const serving = store.all.services.filter(
      (each) => each.tenant === tenant && each.site === site && (each.hosts ?? []).length > 0,
    );
    if (serving.length < maxHosts) return;
    throw new CausewayError(
      'INVALID_REQUEST',
      `${serving.length} services of tenant ${tenant} serve APIs at site ${site}; ${maxHosts} are taken`,
    );
  }

  /** The documents that registering these APIs changes; none where all of it stands already. */
  function prepare(tenant: string, site: string, name: string, apis: readonly Manifest[]): AnyDocument[] {
    const identity = store.get(documentKeys.service(tenant, site, name));
    if (identity?.kind !== 'service') {
      throw new CausewayError(
        'DENIED',
        `there is no identity ${tenant}/${site}/${name}; make one with causeway service add`,
      );
    }
    const changed: (ApiDocument | Service)[] = [];
    const hosts = new Set(identity.hosts ?? []);
    for (const manifest of apis) {
      if (manifest.service !== name) {
        throw new CausewayError('DENIED', `${name} may not publish an API of the name ${manifest.service}`);
      }
      if (stands(tenant, manifest)) {
        hosts.add(majorOf(manifest.version));
        continue;
      }
      const { api, comparison } = accepted(site, tenant, manifest);
      const major = majorOf(api.version);
      const differs = comparison?.verdict !== 'same';
      if (differs && comparison && servedElsewhere(tenant, site, name, major)) {
        const standing = store.get(documentKeys.api(tenant, name, major));
        throw new CausewayError(
          'CONFLICT',
          `other sites serve ${name} v${major} as ${(standing as ApiDocument).version}, and this manifest differs; ` +
            `have an administrator apply it`,
        );
      }
      if (differs) changed.push(api);
      hosts.add(major);
    }
    if (hosts.size > maxMajors) {
      throw new CausewayError(
        'INVALID_REQUEST',
        `${name} has ${hosts.size} major versions; ${maxMajors} are taken`,
      );
    }
    if (hosts.size > 0 && (identity.hosts ?? []).length === 0) requireRoom(tenant, site);
    if (hosts.size !== (identity.hosts?.length ?? 0)) {
      const service: Service = { ...identity, hosts: [...hosts].sort((a, b) => a - b) };
      changed.push(service);
    }
    if (changed.length > 0) checking.charge(site, () => compiler.requireFitting(changed));
    return changed;
  }

  async function drain(): Promise<void> {
    running = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      const documents = new Map<string, AnyDocument>();
      const accepted: typeof batch = [];
      for (const item of batch) {
        try {
          const changed = item.prepare();
          // Checked against what stands, not against what this change brings: that is for the next one.
          if (changed.some((document) => documents.has(keyOf(document)))) {
            queue.push(item);
            continue;
          }
          for (const document of changed) documents.set(keyOf(document), document);
          accepted.push(item);
        } catch (error) {
          item.reject(error);
        }
      }
      try {
        if (documents.size > 0) await store.put([...documents.values()]);
        await compiler.run();
        for (const item of accepted) item.resolve();
      } catch (error) {
        for (const item of accepted) item.reject(error);
      }
    }
    running = false;
  }

  return {
    async publish(tenant, site, service, apis) {
      await new Promise<void>((resolve, reject) => {
        queue.push({ prepare: () => prepare(tenant, site, service, apis), resolve, reject });
        // On the next turn, so that what comes with the same packet is one change.
        if (!running) queueMicrotask(() => void (running || drain()));
      });
      return compiler.siteRevision(site);
    },
  };
}
