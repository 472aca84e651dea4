import { type AdminClient, readFabric } from '@causeway/fabric';
import type { GetRequest } from '@causeway/protocol';
import { withAdmin } from '../admin.ts';
import type { Context } from '../context.ts';
import type { Candidates, Place } from './candidates.ts';

/** What stands at a place. */
type Kind = 'files' | 'sites' | 'tenants' | 'apis' | 'policies' | 'services' | 'endpoints' | 'revocable';

/** Who waits for a completion waits with a finger on the key. */
const patienceMs = 1_500;

/** Options that mean the same wherever they stand. */
const byOption: Readonly<Record<string, Kind>> = {
  '--dir': 'files',
  '--file': 'files',
  '--as': 'files',
  '--out': 'files',
  '--site': 'sites',
  '--tenant': 'tenants',
};

/** The others, by command and place: the words there that come from the fabric. */
export const byPlace: Readonly<Record<string, Kind>> = {
  'service add 0': 'services',
  'service label 0': 'services',
  'revoke 0': 'revocable',
  'rotate gateway 0': 'sites',
  'rotate leaf 0': 'sites',
  'rotate service 0': 'services',
  'rotate signing 0': 'tenants',
  'site remove 0': 'sites',
  'tenant remove 0': 'tenants',
  'call 0': 'endpoints',
  'explain --from': 'services',
  'explain --to': 'endpoints',
  'bench --from': 'sites',
  'bench --to': 'sites',
};

const byKind: Readonly<Record<string, Kind>> = {
  api: 'apis',
  apis: 'apis',
  instances: 'services',
  policies: 'policies',
  policy: 'policies',
  routes: 'services',
  service: 'services',
  services: 'services',
  sites: 'sites',
};

function kindOf({ command, at, before }: Place): Kind | undefined {
  if ((command === 'get' || command === 'delete') && at === 1) return byKind[before[0] ?? ''];
  return byPlace[`${command} ${at}`] ?? (typeof at === 'string' ? byOption[at] : undefined);
}

/** The names that the fabric has for a place; none where it does not run, or takes too long to say. */
export async function valuesAt(context: Context, place: Place, dir: string): Promise<Candidates> {
  const kind = kindOf(place);
  if (kind === undefined || kind === 'files') return kind ?? [];
  let cancel = () => {};
  const late = new Promise<string[]>((resolve) => {
    cancel = context.clock.after(patienceMs, () => resolve([]));
  });
  const names = await Promise.race([namesOf(context, kind, dir).catch(() => []), late]);
  cancel();
  return [...new Set(names)].sort().map((name) => ({ name }));
}

async function namesOf(
  context: Context,
  kind: Exclude<Kind, 'files'>,
  dir: string,
): Promise<readonly string[]> {
  // These two stand in the folder, and are known also where nothing runs.
  if (kind === 'tenants') return (await readFabric(dir)).tenants;
  if (kind === 'sites') return (await readFabric(dir)).sites;
  return withAdmin(context, { dir }, async (admin) => {
    if (kind === 'revocable') return [...(await names(admin, 'services')), ...(await names(admin, 'sites'))];
    if (kind === 'endpoints') return endpoints(admin);
    return names(admin, kind);
  });
}

async function names(admin: AdminClient, kind: GetRequest['kind']): Promise<string[]> {
  const { items } = await admin.get(kind);
  return items.map(({ tenant, site, name }) =>
    kind === 'services' ? `${tenant}/${site}/${name}` : String(name),
  );
}

async function endpoints(admin: AdminClient): Promise<string[]> {
  const { items } = await admin.get('apis');
  return items.flatMap(({ name, endpoints }) =>
    Object.keys((endpoints ?? {}) as object).map((endpoint) => `${name}.${endpoint}`),
  );
}
