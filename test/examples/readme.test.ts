import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { fences } from '../support/readme.ts';
import { until } from '../support/until.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('readme', () => {
  let fabric: TestFabric;
  let folder: string;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    // Inside the repository, so that the program finds the SDK as a user's would.
    folder = await mkdtemp(path.join(root, 'examples', '.readme-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await fabric?.[Symbol.asyncDispose]();
  });

  it('readme - its service runs as it stands, in 12 lines, and its caller gets an answer', async () => {
    const [service = '', caller = ''] = await fences('ts');
    const lines = service.split('\n').filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(12);

    const program = path.join(folder, 'hello.ts');
    await writeFile(program, service);
    const child = spawn(process.execPath, [program], {
      env: {
        PATH: process.env.PATH ?? '',
        CAUSEWAY_URL: fabric.url('edge-a'),
        CAUSEWAY_CREDS: await fabric.identity('edge-a', 'hello'),
        CAUSEWAY_CA: fabric.ca,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    try {
      const [policy = ''] = await fences('yaml');
      const { parse } = await import('yaml');
      await fabric.admin.apply([parse(policy) as object]);
      const ada = await fabric.connect('cloud', 'ada');
      const hello = await until('Ada is greeted', () => ada.service('hello', 1).greet?.({ name: 'Ada' }), {
        timeout: 20_000,
      });
      expect(hello).toEqual({ text: 'Hello Ada, I know you as ada' });
      expect(caller).toContain("causeway.service('hello', 1)");
      expect(caller).toContain("hello.greet({ name: 'Ada' })");
    } finally {
      child.kill('SIGTERM');
      await ended;
    }
  });
});
