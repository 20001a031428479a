import { onTestFinished } from 'vitest';
import { testHumdrum, type TestHumdrum, type TestOptions } from '../../src/testing/index.ts';
import type { Fresh } from '../support/databases.ts';

export const MONDAY = '2026-03-02T09:00:00Z';

/** A kit on a database of the test's own, closed when the test ends. */
export async function openKit(fresh: Fresh, options: TestOptions = {}): Promise<TestHumdrum> {
  const { packs = [] } = options;
  const humdrum = await testHumdrum({ now: MONDAY, database: await fresh({ packs }), ...options });
  onTestFinished(() => humdrum.close());
  return humdrum;
}
