import { HumdrumError } from '../../errors.ts';
import type { Action, Status } from '../job/lifecycle.ts';
import type { Runtime } from '../ports/runtime.ts';
import { showJob } from '../show/job.ts';
import { cancel } from '../transitions/cancel.ts';
import { keyHolder, retry } from '../transitions/retry.ts';

const ACTS = { retry, cancel };
const DONE: Record<Action, string> = { retry: 'retried', cancel: 'cancelled' };

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
      ? refusal(id, status, { action, actions })
      : `Job ${id} cannot be retried while job ${holder} is open: it has the same unique key.`,
  );
}

function refusal(
  id: number,
  status: Status,
  { action, actions }: { action: Action; actions: readonly Action[] },
): string {
  if (status === DONE[action]) return `Job ${id} is already ${status}.`;
  const instead = actions.length === 0 ? '' : ` You can ${actions.join(' or ')} it.`;
  return `Job ${id} is ${status}, so it cannot be ${DONE[action]}.${instead}`;
}
