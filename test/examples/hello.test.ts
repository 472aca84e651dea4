import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { type RunningProgram, runProgram, startProgram } from '../support/run-program.ts';
import { root } from '../support/source-files.ts';
import { until } from '../support/until.ts';

const example = (name: string) => join(root, 'examples/hello', name);

describe('hello', () => {
  let fabric: TestFabric;
  let service: RunningProgram;

  async function environment(site: string, name: string) {
    return {
      CAUSEWAY_URL: fabric.url(site),
      CAUSEWAY_CREDS: await fabric.identity(site, name),
      CAUSEWAY_CA: fabric.ca,
    };
  }
  async function greet(site: string, name: string) {
    const env = await environment(site, name);
    return runProgram(process.execPath, [example('caller.ts'), 'Ada'], { env });
  }

  beforeAll(async () => {
    fabric = await startTestFabric();
    await fabric.admin.apply([parse(await readFile(example('policy.yaml'), 'utf8'))]);
    const env = await environment('edge-a', 'hello');
    service = startProgram(process.execPath, [example('service.ts')], { env });
  });
  afterAll(async () => {
    service?.kill('SIGTERM');
    await service?.ended;
    await fabric?.[Symbol.asyncDispose]();
  });

  it('hello - the visitor is greeted across sites', async () => {
    const greeted = await until('the visitor is greeted', async () => {
      const result = await greet('edge-b', 'visitor');
      if (result.code !== 0) throw new Error(`${result.stderr}${service.stderr()}`);
      return result;
    });
    expect(greeted.stdout).toBe('{"text":"Hello Ada, from visitor"}\n');
  });

  it('hello - another at the same site learns nothing of it', async () => {
    const result = await greet('edge-b', 'stranger');
    expect(result.code).toBe(1);
    expect(JSON.parse(result.stderr)).toMatchObject({ code: 'NO_ROUTE', number: 404 });
    expect(result.stdout).toBe('');
  });
});
