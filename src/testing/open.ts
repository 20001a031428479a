import { checkOptions, type HumdrumOptions } from '../engine/options.ts';
import type { Names } from '../errors.ts';
import { instantOf, TestClock } from './clock.ts';
import { lendEmbedded, type Prepare } from './embedded.ts';
import { lendGiven } from './given.ts';
import { silenceSchedules } from './queries.ts';
import { TestHumdrum } from './test-humdrum.ts';

export interface TestOptions extends Omit<HumdrumOptions, 'migrate'> {
  /** Where the clock stands at first. Default: the time it is now. */
  now?: Date | string;
  /**
   * Makes the tables of your own program. Embedded it is called once in a process and what it makes is copied for each
   * test, so give the same function each time; on a database that you name it is called for each test.
   */
  prepare?: Prepare;
}

const OWN = { now: true, prepare: true } satisfies Names<Omit<TestOptions, keyof HumdrumOptions>>;

/**
 * A Humdrum on a database of the test's own: without `database` an embedded one in memory. Close it when the test ends.
 * A database that you name is for tests alone: all jobs, and all rows of the packs, are removed from it. Errors:
 * `action-refused` where jobs are in it that no test has made.
 */
export async function testHumdrum(options: TestOptions = {}): Promise<TestHumdrum> {
  checkOptions(options, 'The options of testHumdrum', OWN);
  const { now = new Date(), prepare, database, ...others } = options;
  const { packs = [] } = others;
  const at = instantOf(now);
  const lent =
    database === undefined
      ? await lendEmbedded(packs, prepare)
      : await lendGiven(database, packs, prepare);
  try {
    const humdrum = new TestHumdrum(lent, await TestClock.stopAt(lent.database, at), others);
    await humdrum.register();
    const own = humdrum.types.ownNames();
    const engines = humdrum.types.names().filter((name) => !own.includes(name));
    await silenceSchedules(lent.database, engines);
    return humdrum;
  } catch (error) {
    await lent.giveBack();
    throw error;
  }
}
