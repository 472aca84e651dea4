import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';

const root = resolve(import.meta.dirname, '../..');

/** The repository's packages and rules in a folder of their own, where wrong files can be planted. */
async function copyOfPackages() {
  const folder = await openTemporaryFolder();
  const copy = folder.path;
  for (const name of [
    'package.json',
    'tsconfig.json',
    '.dependency-cruiser.cjs',
    'packages',
    'test/support',
  ]) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await mkdir(join(copy, 'node_modules/@causeway'), { recursive: true });
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name === '@causeway' || name.startsWith('.')) continue;
    await symlink(join(root, 'node_modules', name), join(copy, 'node_modules', name));
  }
  for (const name of await readdir(join(copy, 'packages'))) {
    await symlink(join(copy, 'packages', name), join(copy, 'node_modules/@causeway', name));
  }
  return folder;
}

async function plant(copy: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), text);
  }
}

async function checkImports(copy: string) {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--config', '.dependency-cruiser.cjs', 'packages', 'test/support'];
  return runProgram(process.execPath, args, { cwd: copy });
}

/** A name for what is wrong, the rule that must say so, the file that it must name, and the files to plant. */
const WRONG: readonly [what: string, rule: string, blamed: string, files: Record<string, string>][] = [
  [
    'a wrong arrow between packages',
    'arrow-policy',
    'packages/policy/src/wrong-arrow.ts',
    { 'packages/policy/src/wrong-arrow.ts': "import '@causeway/gateway';\n" },
  ],
  [
    'a wrong arrow of a type',
    'arrow-protocol',
    'packages/protocol/src/wrong-type.ts',
    { 'packages/protocol/src/wrong-type.ts': "export type { Client } from '@causeway/sdk';\n" },
  ],
  [
    'a cycle of types',
    'no-cycle',
    'packages/sdk/src/cycle-one.ts',
    {
      'packages/sdk/src/cycle-one.ts':
        "import type { Two } from './cycle-two.ts';\nexport type One = Two | 1;\n",
      'packages/sdk/src/cycle-two.ts':
        "import type { One } from './cycle-one.ts';\nexport type Two = One[];\n",
    },
  ],
  [
    'a reach past the index of another package',
    'only-by-index',
    'packages/gateway/src/reach.ts',
    { 'packages/gateway/src/reach.ts': "import '../../protocol/src/errors.ts';\n" },
  ],
  [
    'files in a pure package',
    'pure-audit-node',
    'packages/audit/src/files.ts',
    { 'packages/audit/src/files.ts': "import 'node:fs';\n" },
  ],
  [
    'node:crypto in a pure package that may not',
    'pure-policy-node',
    'packages/policy/src/hash.ts',
    { 'packages/policy/src/hash.ts': "import 'node:crypto';\n" },
  ],
  [
    'NATS in a pure package',
    'pure-policy-npm',
    'packages/policy/src/client.ts',
    {
      'packages/policy/src/client.ts':
        "import type { NatsConnection } from 'nats';\nexport type N = NatsConnection;\n",
    },
  ],
  [
    'a package that needs the tests',
    'nothing-from-outside',
    'packages/sdk/src/helped.ts',
    {
      'test/support/help.ts': 'export {};\n',
      'packages/sdk/src/helped.ts': "import '../../../test/support/help.ts';\n",
    },
  ],
  [
    'a package without arrows',
    'unknown-package',
    'packages/novelty/src/other.ts',
    {
      'packages/novelty/src/index.ts': "import './other.ts';\n",
      'packages/novelty/src/other.ts': 'export {};\n',
    },
  ],
  [
    'an import of nothing',
    'unresolvable',
    'packages/sdk/src/nothing.ts',
    { 'packages/sdk/src/nothing.ts': "import './missing.ts';\n" },
  ],
];

describe('import direction', () => {
  let planted = '';
  let exitCode: number | null = 0;

  beforeAll(async () => {
    await using copy = await copyOfPackages();
    await plant(copy.path, Object.assign({}, ...WRONG.map(([, , , files]) => files)));
    await plant(copy.path, { 'packages/audit/src/hash.ts': "import 'node:crypto';\n" });
    const { code, stdout } = await checkImports(copy.path);
    [planted, exitCode] = [stdout, code];
  });

  it('import direction - the packages as they are pass', async () => {
    await using copy = await copyOfPackages();
    const { code, stdout } = await checkImports(copy.path);
    expect(stdout).toContain('no dependency violations found');
    expect(code).toBe(0);
  });

  it.each(WRONG)('import direction - %s is caught', (_what, rule, blamed) => {
    const lines = planted.split('\n').filter((line) => line.includes(`error ${rule}:`));
    expect(lines.join('\n')).toContain(blamed);
    expect(exitCode).not.toBe(0);
  });

  it('import direction - node:crypto is the one module of Node that audit may use', () => {
    expect(planted).not.toContain('packages/audit/src/hash.ts');
  });
});
