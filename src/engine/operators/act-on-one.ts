import { HumdrumError } from '../../errors.ts';
import type { Action } from '../job/lifecycle.ts';
import type { Runtime } from '../ports/runtime.ts';
import { showJob } from '../show/job.ts';
import { cancel } from '../transitions/cancel.ts';
import { keyHolder, retry } from '../transitions/retry.ts';

const ACTS = { retry, cancel };

/** Retries or cancels one job. Errors: `action-refused` with its status, `job-not-found`. */
export async function actOnOne(
  { database: db, notify }: Pick<Runtime, 'database' | 'notify'>,
  action: Action,
  id: number,
  by: { actor: string; reason: string | null },
): Promise<void> {
  if ((await ACTS[action](db, [id], by)).length > 0) {
    await notify('later'); // Other jobs may have waited for a cancelled one too.
    return;
  }
  const { status, actions } = await showJob(db, id);
  const holder = action === 'retry' ? await keyHolder(db, id) : null;
  throw new HumdrumError(
    'action-refused',
    holder === null
      ? `Job ${id} is ${status}; what can be done to it: ${actions.join(', ') || 'nothing'}.`
      : `Job ${id} cannot be retried while job ${holder} is open: it has the same unique key.`,
  );
}
