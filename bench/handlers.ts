import { openSync, writeSync } from 'node:fs';
import { nowMs } from './clock.ts';
import type { Run, RunWithWrites } from './system.ts';
import type { WorkerTask } from './worker-process.ts';

/** Number of rows in writing scenarios. Each job updates one. */
export const ROWS = 10_000;

interface Told {
  onMilestone: () => void;
  onStarted: (id: number, atMs: number) => void;
}

interface Handler {
  readonly run: Run;
  readonly runWithWrites: RunWithWrites;
  counts(): { runs: number; jobs: number };
}

/** The handler, the same for all systems. It does almost nothing but count every run of every job. */
export function handlerFor(task: WorkerTask, told: Told): Handler {
  const seen = new Uint8Array(task.jobs);
  const milestone = task.milestone ?? task.jobs;
  const journal = task.journal === undefined ? null : openSync(task.journal, 'a');
  let runs = 0;
  let jobs = 0;

  const run: Run = ({ id }) => {
    if (task.tellStarts) told.onStarted(id, nowMs());
    if (journal !== null) writeSync(journal, `${id}\n`);
    runs += 1;
    if (seen[id] !== 0) return;
    seen[id] = 1;
    jobs += 1;
    if (jobs === milestone) told.onMilestone();
  };
  return {
    run,
    runWithWrites: async (payload, query) => {
      await query('update bench_row set n = n + 1 where id = $1', [payload.id % ROWS]);
      run(payload);
    },
    counts: () => ({ runs, jobs }),
  };
}
