import type { Labels, Rule } from '@causeway/protocol';
import { serviceNamed } from '../document-index.ts';
import type { PolicyDocument } from '../documents.ts';
import { isGlob } from '../matching/glob.ts';
import { type Span, spanOf } from '../matching/times.ts';

/** A policy with what was made of it. */
export interface PolicyEntry {
  readonly name: string;
  readonly policy: PolicyDocument;
  readonly span: Span;
  /** The rule it is, but for endpoints: absent until it is asked for, `none` where it means nobody who could call. */
  rule?: Rule | 'none';
}

/** A tenant's policies, filed by what a change may concern. */
export interface PolicyFiles {
  readonly size: number;
  get(name: string): PolicyEntry | undefined;
  all(): Iterable<PolicyEntry>;
  set(policy: PolicyDocument): PolicyEntry;
  remove(name: string): void;
  /** Those that may be about an API of this service. */
  forService(service: string): PolicyEntry[];
  /** Those that may mean a caller for its labels; some of them do not. */
  forLabels(labels: Labels | undefined): Iterable<PolicyEntry>;
}

/** Entries by a text, without a place for what has none. */
function createDrawers() {
  const drawers = new Map<string, Set<PolicyEntry>>();
  return {
    add(name: string, entry: PolicyEntry): void {
      const drawer = drawers.get(name) ?? new Set();
      drawers.set(name, drawer.add(entry));
    },
    remove(name: string, entry: PolicyEntry): void {
      const drawer = drawers.get(name);
      drawer?.delete(entry);
      if (drawer?.size === 0) drawers.delete(name);
    },
    in: (name: string): Iterable<PolicyEntry> => drawers.get(name) ?? [],
  };
}

/** No name of a service, and no label: `*` stands for those that may mean several. */
const several = '*';

/** Where a policy stands that selects its callers by labels: by the first of them, for it must fit anyhow. */
function labelDrawer({ from }: PolicyDocument): string | undefined {
  if (from.labels === undefined) return undefined;
  const [first] = Object.entries(from.labels);
  if (!first) return several;
  const [key, pattern] = first;
  return isGlob(pattern) ? `${key}=${several}` : `${key}=${pattern}`;
}

/** Creates the files, empty. */
export function createPolicyFiles(): PolicyFiles {
  const entries = new Map<string, PolicyEntry>();
  const byService = createDrawers();
  const byLabel = createDrawers();

  function remove(name: string): void {
    const entry = entries.get(name);
    if (!entry) return;
    entries.delete(name);
    byService.remove(serviceNamed(entry.policy.to.service) ?? several, entry);
    const label = labelDrawer(entry.policy);
    if (label !== undefined) byLabel.remove(label, entry);
  }

  return {
    get size() {
      return entries.size;
    },
    get: (name) => entries.get(name),
    all: () => entries.values(),
    set(policy) {
      remove(policy.name);
      const entry: PolicyEntry = { name: policy.name, policy, span: spanOf(policy) };
      entries.set(policy.name, entry);
      byService.add(serviceNamed(policy.to.service) ?? several, entry);
      const label = labelDrawer(policy);
      if (label !== undefined) byLabel.add(label, entry);
      return entry;
    },
    remove,
    forService: (service) => [...byService.in(service), ...byService.in(several)],
    *forLabels(labels = {}) {
      yield* byLabel.in(several);
      for (const [key, value] of Object.entries(labels)) {
        yield* byLabel.in(`${key}=${value}`);
        yield* byLabel.in(`${key}=${several}`);
      }
    },
  };
}
