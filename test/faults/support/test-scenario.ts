import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Scenario, short } from './scenario.ts';

/** Registers a scenario's steps as tests, at the short scale; the long one is `npm run faults`. */
export function testScenario<Stage extends AsyncDisposable>(scenario: Scenario<Stage>): void {
  describe(scenario.name, { timeout: 180_000 }, () => {
    let stage: Stage | undefined;
    beforeAll(async () => {
      stage = await scenario.open(short);
    }, 120_000);
    afterAll(() => stage?.[Symbol.asyncDispose]());

    for (const { name, run } of scenario.steps) {
      it(`${scenario.name} - ${name}`, async () => {
        const say = (line: string) => void process.stdout.write(`${scenario.name}: ${line}\n`);
        const findings = await run(stage as Stage, short, say);
        expect(findings.length).toBeGreaterThan(0);
        expect(findings.filter(({ held }) => !held)).toEqual([]);
      });
    }
  });
}
