// Reads Vitest's JSON report and names every test file that takes over 20 seconds, or over 40 in the long run, which proves most
// things on two backends. Fails where one of them is not listed, with its reason, in tests/support/long-files.json.
// No test asserts on time, and a busy or slow machine must not fail this: the limit grows with how long the whole run took,
// against what it takes on two idle cores (`usualSeconds`, the sum over all files). A machine half as fast has twice the sum and
// twice the limit; a file that has become slow by itself stands out in either case. A fast machine does not lower it.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const isLongRun = process.env['HUMDRUM_TEST_ALL'] === '1';
const LIMIT_SECONDS = isLongRun ? 40 : 20;
const path = process.argv[2] ?? 'test-report.json';
if (!existsSync(path)) {
  console.error(`No ${path}: run the tests first.`);
  process.exit(2);
}

/** @typedef {{ testResults: { name: string, startTime: number, endTime: number }[] }} Report */
/** @typedef {{ usualSeconds: { short: number, all: number }, reasons: Record<string, string> }} List */
const report = /** @type {Report} */ (JSON.parse(readFileSync(path, 'utf8')));
const list = new URL('../tests/support/long-files.json', import.meta.url);
const { usualSeconds, reasons } = /** @type {List} */ (JSON.parse(readFileSync(list, 'utf8')));

const files = report.testResults.map(({ name, startTime, endTime }) => ({
  file: relative(process.cwd(), name),
  seconds: (endTime - startTime) / 1_000,
}));
const sum = files.reduce((total, { seconds }) => total + seconds, 0);
const usual = isLongRun ? usualSeconds.all : usualSeconds.short;
const limit = LIMIT_SECONDS * Math.max(1, sum / usual);

const long = files.filter(({ seconds }) => seconds > limit);
const unnamed = long.filter(({ file }) => !(file in reasons));
for (const { file, seconds } of long.toSorted((a, b) => b.seconds - a.seconds)) {
  console.log(`${seconds.toFixed(0).padStart(5)} s  ${file}: ${reasons[file] ?? 'NO REASON'}`);
}
for (const file of Object.keys(reasons)) {
  if (!existsSync(file)) unnamed.push({ file, seconds: 0 });
}
if (unnamed.length > 0) {
  console.error(
    `Make them shorter, or give a reason in tests/support/long-files.json (over ${limit.toFixed(0)} s, or not there): ` +
      unnamed.map(({ file }) => file).join(', '),
  );
  process.exitCode = 1;
}
