// `node scripts/ci-summary.mjs CHECKS TESTS CODE`: the closing line of .ci/run, from the reports of the checks
// (scripts/check.mjs) and of vitest, and vitest's exit code. Whatever is missing counts as failed.
import { readFileSync } from 'node:fs';

const [checksFile, testsFile, code] = process.argv.slice(2);
const checks = countChecks(read(checksFile));
const tests = countTests(read(testsFile));
const passed = checks.passed + tests.passed;
// An exit code may know of more than the report does: an error outside of every test, a limit that ran out.
const failed = Math.max(checks.failed + tests.failed, code === '0' ? 0 : 1);
const skipped = tests.skipped > 0 ? `, ${tests.skipped} skipped` : '';
process.stdout.write(`${passed} passed, ${failed} failed${skipped}\n`);
process.exitCode = failed > 0 ? 1 : 0;

function countChecks(report) {
  if (!report) return { passed: 0, failed: 1 };
  const outcomes = Object.values(report);
  const passed = outcomes.filter(Boolean).length;
  return { passed, failed: outcomes.length - passed };
}

function countTests(report) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const files = report.testResults;
  const tests = files.flatMap((file) => file.assertionResults);
  const count = (...states) => tests.filter((test) => states.includes(test.status)).length;
  // A file that cannot be loaded, or whose hooks fail, fails without a test that does.
  const broken = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const ran = tests.length > 0 ? 0 : 1;
  return {
    passed: count('passed'),
    failed: count('failed') + broken.length + (broken.length > 0 ? 0 : ran),
    skipped: count('skipped', 'pending', 'todo', 'disabled'),
  };
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
