// Reads Vitest's JSON report, prints each failed test with the first lines of its error, and ends with `N passed, N failed`,
// plus `, N skipped` if any were. Exits with 1 if a test failed or there is no report, because then the run crashed.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const path = process.argv[2] ?? 'test-report.json';
const LINES_OF_A_FAILURE = 12;

/**
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} Test
 * @typedef {{ name: string, status: string, message: string, assertionResults: Test[] }} TestFile
 * @typedef {{ success: boolean, testResults: TestFile[] }} Report
 */
const report = /** @type {Report} */ (
  existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { success: false, testResults: [] }
);

// A file that cannot be loaded has no tests and counts as one failed test.
const tests = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
  const file = relative(process.cwd(), name);
  if (assertionResults.length === 0) return [{ status, title: file, error: message }];
  return assertionResults.map((test) => ({
    status: test.status,
    title: `${file} > ${test.fullName}`,
    error: test.failureMessages.join('\n'),
  }));
});

const failures = tests.filter(({ status }) => status === 'failed');
for (const { title, error } of failures) {
  console.log(`FAILED: ${title}`);
  const lines = stripVTControlCharacters(error).split('\n').slice(0, LINES_OF_A_FAILURE);
  for (const line of lines) console.log(`  ${line.slice(0, 200)}`);
}

const passed = tests.filter(({ status }) => status === 'passed').length;
const skipped = tests.length - passed - failures.length;
console.log(
  `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
);
process.exitCode = report.success ? 0 : 1;
