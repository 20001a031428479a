import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const { reasons } = JSON.parse(
  readFileSync(new URL('long-files.json', import.meta.url), 'utf8'),
) as { reasons: Record<string, string> };

/** The report of the run before, where there is one. */
const REPORT = new URL('../../test-report.json', import.meta.url);

interface Report {
  testResults: { name: string; startTime: number; endTime: number }[];
}

/**
 * Files that take long begin first, so that no process is left alone with one at the end: those named in `long-files.json`,
 * and the others by how long they took in the run before.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const took = durations();
    const longFirst = (file: TestSpecification): number => {
      const path = relative(process.cwd(), file.moduleId);
      return (path in reasons ? 1e9 : 0) + (took.get(path) ?? 0);
    };
    return files.toSorted((one, other) => longFirst(other) - longFirst(one));
  }
}

function durations(): Map<string, number> {
  if (!existsSync(REPORT)) return new Map();
  const { testResults } = JSON.parse(readFileSync(REPORT, 'utf8')) as Report;
  return new Map(
    testResults.map(({ name, startTime, endTime }) => [
      relative(process.cwd(), name),
      endTime - startTime,
    ]),
  );
}
