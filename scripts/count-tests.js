// Reads Vitest's JSON report and prints `N passed, N failed`, with `, N skipped` where some were. Fails where a test did,
// and where there is no report: a run that crashed has not passed.
import { existsSync, readFileSync } from 'node:fs';

const path = process.argv[2] ?? 'test-report.json';

/**
 * @typedef {{ status: string, assertionResults: { status: string }[] }} TestFile
 * @typedef {{ success: boolean, testResults: TestFile[] }} Report
 */
const report = /** @type {Report} */ (
  existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { success: false, testResults: [] }
);

// A file that cannot be loaded has no tests, and counts as one that failed.
const statuses = report.testResults.flatMap(({ status, assertionResults }) =>
  assertionResults.length > 0 ? assertionResults.map((test) => test.status) : [status],
);
const passed = statuses.filter((status) => status === 'passed').length;
const failed = statuses.filter((status) => status === 'failed').length;
const skipped = statuses.length - passed - failed;

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = report.success ? 0 : 1;
