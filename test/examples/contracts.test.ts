import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';

const page = path.resolve(import.meta.dirname, '../../docs/contracts.md');

describe('contracts', () => {
  let fabric: TestFabric;
  let folder: string;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    folder = await mkdtemp(path.join(os.tmpdir(), 'causeway-contracts-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await fabric?.[Symbol.asyncDispose]();
  });

  /** What a command of the page says, standard error first, as it would be read in a folder that holds its files. */
  async function answer(command: string): Promise<string> {
    const args = command.split(' ').map((arg) => (arg.endsWith('.yaml') ? path.join(folder, arg) : arg));
    const { stdout, stderr } = await causeway(['--dir', fabric.dir, ...args.slice(1)]);
    return (stderr + stdout)
      .replaceAll(`${folder}${path.sep}`, '')
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n');
  }

  it('contracts - every command of the page answers as it stands there', { timeout: 180_000 }, async () => {
    const text = await readFile(page, 'utf8');
    let commands = 0;
    const run = [];
    for (const [block, language, body = ''] of text.matchAll(/```(yaml|console)\n([\s\S]*?)```\n/g)) {
      if (language === 'yaml') {
        const [, name] = /^# (\S+\.yaml)\n/.exec(body) ?? [];
        expect(name, block).toBeDefined();
        await writeFile(path.join(folder, name ?? ''), body);
        continue;
      }
      let said = '';
      for (const [, command = ''] of body.matchAll(/^\$ (.*)$/gm)) {
        commands += 1;
        said += `$ ${command}\n${await answer(command)}`;
      }
      run.push({ body, said });
    }
    if (process.env.CAUSEWAY_WRITE_DOCS) {
      await writeFile(
        page,
        run.reduce((whole, { body, said }) => whole.replace(body, () => said), text),
      );
    }
    expect(run.map(({ said }) => said)).toEqual(run.map(({ body }) => body));
    expect(commands).toBe(9);
  });
});
