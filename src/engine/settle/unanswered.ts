import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/database.ts';
import { mayBeOpen, type Writers, writersOf } from '../../database/writers.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import type { Settlement } from '../transitions/settlement.ts';

const POLL_MS = 50;
const LONGEST_POLL_MS = 1_000;
/** A transaction that is still open after this long may commit at any time. */
const LONGEST_WAIT_MS = 10_000;

/** `recorded`: the COMMIT took effect. `undone`: it never will. `unknown`: it may do so yet. */
export type Fate = 'recorded' | 'undone' | 'unknown';

/**
 * What became of a settlement whose COMMIT got no reply. Waits until the database replies again and the transactions that were
 * open then have ended. `isGivenUp`: stop waiting.
 */
export async function fateOf(
  database: Database,
  { job }: Settlement,
  isGivenUp: () => boolean,
): Promise<Fate> {
  let before: Writers | null = null;
  let endMs = Infinity;
  for (let waitMs = POLL_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_POLL_MS)) {
    try {
      const open = await writersOf(database, 'humdrum.attempt');
      if (!before) endMs = performance.now() + LONGEST_WAIT_MS;
      before ??= open;
      if (!mayBeOpen(open, before.ids)) return await recordedOrUndone(database, job);
    } catch {
      // The database is still away, or went away again.
    }
    if (isGivenUp() || performance.now() > endMs) return 'unknown';
    await sleep(waitMs);
  }
}

async function recordedOrUndone(database: Database, job: ClaimedJob): Promise<Fate> {
  const { rows } = await database.query(
    'select from humdrum.attempt where job_id = $1 and number = $2 and lease_id = $3',
    [job.id, job.attempt, job.leaseId],
  );
  return rows.length > 0 ? 'recorded' : 'undone';
}
