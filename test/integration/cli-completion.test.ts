import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { root } from '../support/source-files.ts';
import { until } from '../support/until.ts';

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
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await causeway(['completion', shell]);
    await writeFile(path.join(bin, `completion.${shell}`), stdout);
  }
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

/** What a shell is told to do with a line: to load the script of its own, and complete. */
const questions = {
  bash: `
    source "$1/completion.bash"
    COMP_LINE="$2" COMP_POINT=\${#COMP_LINE}
    read -ra COMP_WORDS <<< "$COMP_LINE"
    case "$COMP_LINE" in *' ') COMP_WORDS+=('') ;; esac
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _causeway_completion
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  // Its line editor needs a terminal; the functions that it would hand the answer to print it.
  zsh: `
    compdef() { :; }
    _describe() { print -rl -- \${\${(P)2}%%:*}; }
    _files() { print FILES; }
    source "$1/completion.zsh"
    BUFFER="$2" CURSOR=\${#2} words=(\${(s: :)2}) CURRENT=\${#words}
    case "$2" in *' ') CURRENT=$((CURRENT + 1)) ;; esac
    _causeway_completion`,
  fish: `
    source "$argv[1]/completion.fish"
    complete -C "$argv[2]" | string split -f 1 \\t; true`,
} as const;

type Shell = keyof typeof questions;

const firstArguments: Readonly<Record<Shell, (script: string) => string[]>> = {
  bash: (script) => ['-c', script, 'bash'],
  zsh: (script) => ['-f', '-c', script, 'zsh'],
  fish: (script) => ['--no-config', '-c', script],
};

/** What a shell itself offers for a line, as it would at the Tab key. */
function offered(shell: Shell, line: string): Promise<string[]> {
  const args = [...firstArguments[shell](questions[shell].replaceAll('\\$', '$')), bin, line];
  const env = { ...process.env, PATH: `${bin}:${path.dirname(process.execPath)}:${process.env.PATH}` };
  return new Promise((resolve, reject) => {
    execFile(shell, args, { env, cwd: bin }, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout.split('\n').filter(Boolean).sort());
    });
  });
}

const isThere = (shell: Shell) => spawnSync(shell, ['--version'], { stdio: 'ignore' }).error === undefined;

describe.each(['bash', 'zsh', 'fish'] as const)('cli completion in %s', (shell) => {
  const runs = it.runIf(process.platform !== 'win32' && isThere(shell));

  runs(`cli completion - ${shell} offers commands, options and choices`, async () => {
    expect(await offered(shell, 'causeway de')).toEqual(['delete']);
    expect(await offered(shell, 'causeway audit ')).toEqual(['tail', 'verify']);
    expect(await offered(shell, 'causeway get policies -o j')).toEqual(['json']);
    expect(await offered(shell, 'causeway up --det')).toEqual(['--detach']);
  });

  runs(`cli completion - ${shell} offers what the fabric has`, async () => {
    // Nobody is kept waiting at his Tab key: what a busy machine is too slow for is not offered, and asked for again.
    const asked = (line: string) =>
      until(`something is offered for ${line}`, async () => {
        const words = await offered(shell, `causeway --dir ${fabric.dir} ${line}`);
        return words.length > 0 ? words : undefined;
      });
    expect(await asked('revoke ')).toEqual(['acme/edge-a/quotes', 'cloud', 'edge-a']);
    expect(await asked('revoke acme')).toEqual(['acme/edge-a/quotes']);
    expect(await asked('bench --tenant ')).toEqual(['acme']);
    expect(await asked('site remove e')).toEqual(['edge-a']);
    expect(await offered(shell, 'causeway --dir /nonexistent revoke ')).toEqual([]);
  });

  runs(`cli completion - ${shell} takes nothing that is on the line for its own`, async () => {
    const line = `causeway call quotes.v1.latest '{"a":"(touch ${bin}/ran)"}' --ti`;
    expect(await offered(shell, line)).toEqual(['--timeout']);
    expect(await readdir(bin)).not.toContain('ran');
  });
});

describe('cli completion', () => {
  it('cli completion - there is a script for each shell, and no other', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      expect(await readFile(path.join(bin, `completion.${shell}`), 'utf8')).toContain('_causeway_completion');
    }
    expect(await causeway(['completion', 'tcsh'])).toMatchObject({ code: 2, stdout: '' });
    expect(await causeway(['completion-server'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});
