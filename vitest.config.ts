import { defineConfig } from 'vitest/config';

/** Projects that start real servers: a start, TLS and a leaf link take seconds on a busy machine. */
const patient = { testTimeout: 60_000, hookTimeout: 60_000 };

function project(name: string, include: string, options: object = {}) {
  return { extends: true as const, test: { name, include: [include], ...options } };
}

export default defineConfig({
  test: {
    // Real servers, real signals, process.env: each file gets a process of its own.
    pool: 'forks',
    // Every file may bring up a whole fabric; more of them at once only wait for each other.
    maxWorkers: 2,
    projects: [
      project('unit', 'packages/**/*.test.ts', { testTimeout: 15_000 }),
      project('house', 'test/house/**/*.test.ts', patient),
      project('integration', 'test/integration/**/*.test.ts', patient),
      project('security', 'test/security/**/*.test.ts', patient),
      project('faults', 'test/faults/**/*.test.ts', patient),
      // 20,000 messages: more is `npm run fuzz`.
      project('fuzz', 'test/fuzz/**/*.test.ts', { testTimeout: 240_000, hookTimeout: 60_000 }),
      project('examples', 'test/examples/**/*.test.ts', patient),
      // Containers: they skip themselves, saying so, where there is no Docker.
      project('e2e', 'test/e2e/**/*.test.ts', { testTimeout: 300_000, hookTimeout: 300_000 }),
    ],
  },
});
