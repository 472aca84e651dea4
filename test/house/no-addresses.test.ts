import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root, sourceFiles } from '../support/source-files.ts';

/** Hosts of package registries, put together here so that this file does not name them. */
const HOSTS = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'npmjs', 'com'],
  ['registry', 'yarnpkg', 'com'],
  ['npm', 'pkg', 'github', 'com'],
  ['proxy', 'golang', 'org'],
  ['sum', 'golang', 'org'],
  ['deb', 'debian', 'org'],
  ['registry-1', 'docker', 'io'],
].map((parts) => parts.join('.'));

function hostsIn(text: string): string[] {
  return HOSTS.filter((host) => text.includes(host));
}

describe('no addresses', () => {
  it('no addresses - no file names the host of a package registry', async () => {
    const files = await sourceFiles();
    expect(files.map(({ path }) => path)).toContain('package-lock.json');
    const faults = files.flatMap(({ path, text }) => hostsIn(text).map((host) => `${path} names ${host}`));
    expect(faults).toEqual([]);
  });

  it('no addresses - a planted host is found', () => {
    expect(hostsIn(`see https://${HOSTS[0]}/left-pad`)).toEqual([HOSTS[0]]);
  });

  it('no addresses - package-lock.json resolves nothing by address', async () => {
    const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string }>;
    };
    const addresses = Object.entries(lock.packages).filter(([, { resolved }]) => resolved?.includes('://'));
    expect(addresses).toEqual([]);
  });
});
