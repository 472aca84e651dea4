import { expect, test } from 'vitest';
import { createTold, type Told } from './told.ts';

/** Revisions that were compiled, each with the sites that it concerned; each a second after the one before. */
function toldOf(runs: readonly [revision: number, ...sites: string[]][]): Told {
  const told = createTold();
  for (const [index, [revision, ...sites]] of runs.entries()) {
    for (const site of sites) told.site(site, revision, index * 1_000);
    told.compiled(revision);
  }
  return told;
}

test('told - a site must have the revision of a change that concerns it, and of others nothing', () => {
  const told = toldOf([
    [10, 'edge-a', 'edge-b'],
    [11, 'edge-a'],
    [12, 'edge-b'],
  ]);
  expect(told.needed('edge-a', 11, 11)).toBe(11);
  expect(told.needed('edge-b', 11, 11)).toBeUndefined();
  expect(told.needed('edge-c', 11, 11)).toBeUndefined();
  expect([told.last('edge-a'), told.last('edge-b'), told.last('edge-c')]).toEqual([11, 12, 0]);
  expect(told.newest).toBe(12);
});

test('told - changes that were compiled together are told together', () => {
  const told = toldOf([
    [10, 'edge-a'],
    [14, 'edge-a'],
    [15, 'edge-b'],
  ]);
  expect(told.needed('edge-a', 12, 12)).toBe(14);
  expect(told.needed('edge-b', 12, 12)).toBeUndefined();
});

test('told - several revisions are in force where the last of them that concerns the site is', () => {
  const told = toldOf([
    [10, 'edge-a'],
    [11, 'edge-b'],
    [12, 'edge-c'],
  ]);
  expect(told.needed('edge-a', 10, 12)).toBe(10);
  expect(told.needed('edge-b', 10, 12)).toBe(11);
  expect(told.needed('edge-b', 12, 12)).toBeUndefined();
});

test('told - of what was compiled before the registry started, a newer revision does as well', () => {
  const told = createTold();
  told.site('edge-a', 20, 0);
  told.compiled(25);
  expect(told.needed('edge-a', 7, 7)).toBe(20);
  expect(told.needed('edge-a', 22, 22)).toBeUndefined();
});

test('told - behind since the first change that is not there', () => {
  const told = toldOf([
    [10, 'edge-a'],
    [11, 'edge-a'],
    [12, 'edge-a'],
  ]);
  expect(told.behindSince('edge-a', 12)).toBeUndefined();
  expect(told.behindSince('edge-a', 10)).toBe(1_000);
  expect(told.behindSince('edge-a', 0)).toBe(0);
});

test('told - a registry that counts on from an older revision forgets what is not any more', () => {
  const told = toldOf([
    [10, 'edge-a'],
    [40, 'edge-a'],
    [30, 'edge-a'],
  ]);
  expect(told.last('edge-a')).toBe(30);
  expect(told.behindSince('edge-a', 40)).toBeUndefined();
});

test('told - what is long ago is forgotten, and then counts as newer', () => {
  const told = toldOf(Array.from({ length: 3_000 }, (_, index) => [index + 1, 'edge-a']));
  expect(told.needed('edge-a', 2_999, 2_999)).toBe(2_999);
  expect(told.needed('edge-a', 5, 5)).toBe(2_001);
});
