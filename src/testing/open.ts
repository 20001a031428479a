import { checkOptions, type HumdrumOptions } from '../engine/options.ts';
import type { Names } from '../errors.ts';
import { instantOf, TestClock } from './clock.ts';
import { lendEmbedded, type Prepare } from './embedded.ts';
import { lendGiven } from './given-database.ts';
import { silenceSchedules } from './queries.ts';
import { TestHumdrum } from './test-humdrum.ts';

export interface TestOptions extends Omit<HumdrumOptions, 'migrate'> {
  /** Initial time of the test clock. Default: the current time. */
  now?: Date | string;
  /**
   * Creates the tables of your program. On the embedded database it is called once per process and the result is copied for each
   * test, so pass the same function every time. On a database that you name it is called for each test.
   */
  prepare?: Prepare;
}

const OWN = { now: true, prepare: true } satisfies Names<Omit<TestOptions, keyof HumdrumOptions>>;

/**
 * Creates a Humdrum on a database for one test: embedded and in memory, unless you name a `database`. Close it when the test
 * ends. A database that you name must be for tests only, because all its jobs and all rows of the packs are deleted. Errors:
 * `action-refused` if it contains jobs that no test created.
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
