import { createKeys } from '@causeway/identity';
import { type AccountDocument, documentKeys, type RekeyRequest, type Site } from '@causeway/protocol';
import { systemRandom } from '@causeway/transport';
import { beforeEach, describe, expect, it } from 'vitest';
import { silent } from '../../../../test/support/silent-logger.ts';
import { memoryDocuments, serviceOf, siteOf } from '../test-support.ts';
import { createLinkCut } from './link-cut.ts';
import { createRekeying } from './rekeying.ts';
import { createRevoker } from './revoker.ts';
import type { Voiding } from './voiding.ts';

const newKey = () => createKeys('user', systemRandom).publicKey;
const account = (name: string): AccountDocument => ({ kind: 'account', name, publicKey: name, jwt: '' });

/** The site as it stands, and what was made void: by account, CONTROL's under control. */
function open(changes: Partial<Site> = {}) {
  const site: Site = { ...siteOf('edge-a'), leaf: newKey(), ...changes };
  const store = memoryDocuments([siteOf('cloud'), site, account('acme'), account('globex')]);
  const voided: string[] = [];
  const voiding: Voiding = {
    inTurn: (change) => change(),
    async tenant(document, keys) {
      voided.push(...keys.map((key) => `${document.name} ${key}`));
      return document;
    },
    async control(keys) {
      voided.push(...keys.map((key) => `control ${key}`));
      return { kind: 'control', publicKey: 'A', jwt: '' };
    },
    inForce: async () => {},
  };
  const compile = () => Promise.resolve();
  const rekeying = createRekeying({ store, voiding, compile, random: systemRandom, logger: silent });
  const standing = () => store.get(documentKeys.site('edge-a')) as Site;
  return { store, voiding, voided, rekeying, standing };
}

describe('rekeying', () => {
  const [acme, globex] = [
    { gateway: newKey(), leaf: newKey() },
    { gateway: newKey(), leaf: newKey(), joined: true as const },
  ];
  let scene: ReturnType<typeof open>;
  const tell = (request: Omit<RekeyRequest, 'gateway' | 'role'> & { role?: RekeyRequest['role'] }) =>
    scene.rekeying.take('edge-a', { gateway: 'gw-1', role: 'gateway', ...request });
  beforeEach(() => {
    scene = open({ tenants: { acme } });
  });

  it('rekeying - a tenant that comes meanwhile keeps the keys that were made for it', async () => {
    const id = await scene.rekeying.ask('edge-a', 'gateway');
    const keys = { acme: newKey() };
    await tell({ id, keys });
    await scene.store.put([{ ...scene.standing(), tenants: { ...scene.standing().tenants, globex } }]);
    await tell({ id, keys, done: true });
    expect(scene.standing().tenants).toEqual({ acme: { ...acme, gateway: keys.acme }, globex });
    expect(scene.voided).toEqual([`acme ${acme.gateway}`]);
    expect(scene.standing()).not.toHaveProperty('rekey');
  });

  it('rekeying - a site that was killed may name keys of one that came meanwhile, too', async () => {
    const id = await scene.rekeying.ask('edge-a', 'gateway');
    const keys = { acme: newKey() };
    await tell({ id, keys });
    await scene.store.put([{ ...scene.standing(), tenants: { ...scene.standing().tenants, globex } }]);
    const more = { ...keys, globex: newKey() };
    await tell({ id, keys: more });
    await tell({ id, keys: more, done: true });
    expect(scene.standing().tenants).toMatchObject({
      acme: { gateway: keys.acme },
      globex: { gateway: more.globex },
    });
    // And never those that are in use.
    expect(scene.voided.sort()).toEqual([`acme ${acme.gateway}`, `globex ${globex.gateway}`].sort());
  });

  it('rekeying - a founded tenant cannot be left out, and no key be taken that is somebody’s', async () => {
    const id = await scene.rekeying.ask('edge-a', 'gateway');
    await expect(tell({ id, keys: {} })).rejects.toThrow('no new key of tenant acme');
    await expect(tell({ id, keys: { acme: acme.leaf } })).rejects.toThrow('is no new key of a user');
    expect(scene.standing().tenants).toEqual({ acme });
  });

  it('rekeying - a site that tells other keys the second time has none that stays valid', async () => {
    const own = scene.standing().leaf as string;
    const id = await scene.rekeying.ask('edge-a', 'leaf');
    const tellLeaf = (keys: Record<string, string>, of: string, done?: true) =>
      tell({ ...{ id, keys, own: of }, ...(done ? { done } : {}), role: 'leaf' });
    const first = { acme: newKey() };
    const firstOwn = newKey();
    await tellLeaf(first, firstOwn);
    await expect(tellLeaf({ acme: newKey() }, firstOwn)).rejects.toThrow('told other keys');
    await expect(tellLeaf(first, newKey())).rejects.toThrow('told other keys');
    await tellLeaf(first, firstOwn, true);
    expect(scene.voided).toEqual([`acme ${acme.leaf}`, `control ${own}`]);
    expect(scene.standing()).toMatchObject({ leaf: firstOwn, tenants: { acme: { leaf: first.acme } } });
  });

  it('rekeying - is done although a tenant changes its documents all the time', async () => {
    const id = await scene.rekeying.ask('edge-a', 'gateway');
    let changes = 0;
    const { tenant } = scene.voiding;
    scene.voiding.tenant = async (document, keys) => {
      if (++changes > 20) throw new Error('it is begun anew for ever');
      await scene.store.put([{ ...serviceOf('desk', 'edge-a'), labels: { n: String(changes) } }]);
      return tenant(document, keys);
    };
    await tell({ id, keys: { acme: newKey() }, done: true });
    expect(scene.voided).toEqual([`acme ${acme.gateway}`]);
  });

  it('rekeying - the registry’s own key cannot be taken: it would be void with the site', async () => {
    const registry = newKey();
    await scene.store.put([{ ...siteOf('cloud'), registry: [registry] }]);
    const id = await scene.rekeying.ask('edge-a', 'leaf');
    const asked = { id, keys: { acme: newKey() }, own: registry, role: 'leaf' as const };
    await expect(tell(asked)).rejects.toThrow('is no new key of a user');
  });

  it('rekeying - is refused for links of which the watchdog keeps one out', async () => {
    scene = open({ tenants: { acme: { ...acme, cutOff: 'listens for >' } } });
    await expect(scene.rekeying.ask('edge-a', 'leaf')).rejects.toThrow('listens for >');
    scene = open({ tenants: { acme }, cutOff: 'has 5 links' });
    await expect(scene.rekeying.ask('edge-a', 'leaf')).rejects.toThrow('has 5 links');
    await expect(scene.rekeying.ask('edge-a', 'gateway')).resolves.toEqual(expect.any(String));
  });

  it('rekeying - a link that is cut, and a site that is revoked, in the middle loses the keys of before too', async () => {
    const before = newKey();
    const own = newKey();
    const changes = { tenants: { acme }, replaced: { leaf: { acme: before, control: own } } };
    scene = open(changes);
    await createLinkCut(scene)({ site: 'edge-a', tenant: 'acme', reason: 'listens for >' });
    expect(scene.voided).toEqual([`acme ${acme.leaf}`, `acme ${before}`]);
    expect(scene.standing().tenants.acme).toMatchObject({ cutOff: 'listens for >' });
    scene = open(changes);
    const revoker = createRevoker({ ...scene, cutOff() {}, lastWord: async () => {} });
    const { keys } = await revoker.site('edge-a');
    const ofControl = [scene.standing().leaf, own].map((key) => `control ${key}`);
    expect(scene.voided).toEqual([
      ...[acme.gateway, acme.leaf, before].map((key) => `acme ${key}`),
      ...ofControl,
    ]);
    expect(keys).toBe(scene.voided.length);
  });
});
