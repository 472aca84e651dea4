import { describe, expect, it } from 'vitest';
import { type SourceFile, sourceFiles } from '../support/source-files.ts';

/** What reads a clock, starts a timer or rolls dice, and the port to use instead. */
const AMBIENT: readonly [pattern: RegExp, instead: string][] = [
  [/\bDate\.now\b/, 'Clock.now()'],
  [/\bnew Date\(\s*\)/, 'new Date(clock.now())'],
  [/\bperformance\.now\b|\bprocess\.(?:hrtime|uptime)\b/, 'Clock.monotonic()'],
  [/\bset(?:Timeout|Interval|Immediate)\s*\(/, 'Clock.after() or Clock.every()'],
  [/['"](?:node:)?timers(?:\/promises)?['"]/, 'Clock.after()'],
  [/\bMath\.random\b/, 'Random.fraction()'],
  [/\b(?:randomBytes|randomUUID|randomInt|randomFill(?:Sync)?|getRandomValues)\b/, 'Random.bytes()'],
];

/** The modules that give the real ones, and why. */
const ALLOWED: Readonly<Record<string, string>> = {
  'packages/transport/src/system.ts': 'the system clock and randomness themselves',
};

/** Packages that compute and nothing else: they do not know which process they run in either. */
const PURE = /^packages\/(?:protocol|policy|audit)\/src\//;

function faultsOf({ path, text }: SourceFile): string[] {
  if (path in ALLOWED) return [];
  const faults: string[] = [];
  for (const [index, line] of withoutComments(text).split('\n').entries()) {
    const place = `${path}:${index + 1}`;
    for (const [pattern, instead] of AMBIENT) {
      if (pattern.test(line)) faults.push(`${place} ${line.trim()} (use ${instead})`);
    }
    if (PURE.test(path) && /\bprocess\./.test(line)) faults.push(`${place} ${line.trim()} (pass it in)`);
  }
  return faults;
}

/** Blanks out comments and keeps the lines; good enough for code that a formatter has seen. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

const isProduction = (path: string) =>
  /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts');

describe('injected', () => {
  it('injected - no package reads the clock, a timer or chance for itself', async () => {
    const files = await sourceFiles('packages', isProduction);
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap(faultsOf)).toEqual([]);
  });

  it.each([
    'const at = Date.now();',
    'const at = new Date().toISOString();',
    'const at = performance.now();',
    'setTimeout(retry, 10);',
    'const timer = setInterval(beat, 1000);',
    "import { setTimeout as delay } from 'node:timers/promises';",
    'const jitter = Math.random();',
    "import { randomBytes } from 'node:crypto';",
    'const id = crypto.randomUUID();',
  ])('injected - a planted %j is found', (line) => {
    const path = 'packages/gateway/src/planted.ts';
    expect(faultsOf({ path, text: `// first line\n${line}\n` })).toEqual([
      expect.stringContaining('packages/gateway/src/planted.ts:2'),
    ]);
  });

  it('injected - process is found in a pure package, and only there', () => {
    const text = 'const name = process.env.NAME;\n';
    expect(faultsOf({ path: 'packages/policy/src/planted.ts', text })).toHaveLength(1);
    expect(faultsOf({ path: 'packages/cli/src/planted.ts', text })).toEqual([]);
  });

  it('injected - a comment may speak of the clock', () => {
    const text = '/** Not Date.now(). */\n// nor Math.random()\nconst later = new Date(clock.now());\n';
    expect(faultsOf({ path: 'packages/policy/src/planted.ts', text })).toEqual([]);
  });
});
