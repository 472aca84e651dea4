import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { root } from '../support/source-files.ts';

let fabric: TestFabric;
let bin: string;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'] });
  await fabric.identity('edge-a', 'quotes');
  await fabric.admin.apply([
    {
      kind: 'policy',
      name: 'desk-quotes',
      tenant: 'acme',
      from: {},
      to: { service: 'quotes' },
      effect: 'allow',
    },
  ]);
  bin = path.join(fabric.dir, '..', 'bin');
  await mkdir(bin);
  await symlink(path.join(root, 'packages/cli/bin/causeway.js'), path.join(bin, 'causeway'));
  await writeFile(path.join(bin, 'completion.bash'), (await causeway(['completion', 'bash'])).stdout);
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

/** What bash itself offers for a line, as it would at the Tab key. */
function offered(line: string): Promise<string[]> {
  const script = `
    source "$1/completion.bash"
    COMP_LINE="$2" COMP_POINT=\${#COMP_LINE}
    read -ra COMP_WORDS <<< "$COMP_LINE"
    case "$COMP_LINE" in *' ') COMP_WORDS+=('') ;; esac
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _causeway_completion
    printf '%s\\n' "\${COMPREPLY[@]}"`.replaceAll('\\$', '$');
  const env = { ...process.env, PATH: `${bin}:${path.dirname(process.execPath)}:${process.env.PATH}` };
  return new Promise((resolve, reject) => {
    execFile('bash', ['-c', script, 'bash', bin, line], { env }, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout.split('\n').filter(Boolean));
    });
  });
}

const hasBash = process.platform !== 'win32';

describe('cli completion', () => {
  it.runIf(hasBash)('cli completion - bash offers commands, options and choices', async () => {
    expect(await offered('causeway de')).toEqual(['delete']);
    expect(await offered('causeway audit ')).toEqual(['tail', 'verify']);
    expect(await offered('causeway get policies -o j')).toEqual(['json']);
    expect(await offered('causeway up --det')).toEqual(['--detach']);
  });

  it.runIf(hasBash)('cli completion - bash offers what the fabric has', async () => {
    const at = `causeway --dir ${fabric.dir}`;
    expect(await offered(`${at} revoke `)).toEqual(['acme/edge-a/quotes', 'cloud', 'edge-a']);
    expect(await offered(`${at} revoke acme`)).toEqual(['acme/edge-a/quotes']);
    expect(await offered(`${at} get policies `)).toEqual(['desk-quotes']);
    expect(await offered(`${at} bench --tenant `)).toEqual(['acme']);
    expect(await offered(`${at} site remove e`)).toEqual(['edge-a']);
  });

  it.runIf(hasBash)(
    'cli completion - nothing is offered, and nothing said, where there is no fabric',
    async () => {
      expect(await offered('causeway --dir /nonexistent revoke ')).toEqual([]);
    },
  );

  it('cli completion - there is a script for each shell, and no other', async () => {
    for (const shell of ['zsh', 'fish']) {
      const script = await causeway(['completion', shell]);
      expect(script).toMatchObject({ code: 0, stderr: '' });
      expect(script.stdout).toContain('_causeway_completion');
    }
    expect(await causeway(['completion', 'tcsh'])).toMatchObject({ code: 2, stdout: '' });
    expect(await causeway(['completion-server'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});
