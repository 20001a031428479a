import { createHumdrum, HumdrumError } from 'humdrum';
import { Pool } from 'pg';
import { chaosProgram } from './jobs.ts';
import { NO_SERVER, type WorkerSettings } from './worker-settings.ts';

/** The worker that the suite kills: `worker.js <JSON of WorkerSettings>`. It says what happens to it in lines of JSON. */
const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings;

const pool = new Pool({ connectionString: settings.witnessUrl, max: 4 });
pool.on('error', () => undefined);

const program = chaosProgram({
  async witness(jobId, attempt, what) {
    await pool.query(
      'insert into public.witness (job_id, attempt, pid, what) values ($1, $2, $3, $4)',
      [jobId, attempt, process.pid, what],
    );
  },
  async hear(key) {
    await pool.query('insert into public.heard (key) values ($1)', [key]);
  },
  async enqueueChild(parent) {
    await humdrum.enqueue('chaos.child', { parent });
  },
});

const humdrum = await createHumdrum({
  database: settings.url,
  ...program,
  worker: { leaseMs: settings.leaseMs, concurrency: settings.concurrency, pollMs: 200 },
  onEvent(event) {
    if (event.event === 'job-settled') return;
    const said = event.event === 'trouble' ? { ...event, error: String(event.error) } : event;
    console.log(JSON.stringify(said));
  },
}).catch(giveUp);

// Who started this process holds the other end: it must not outlive it.
process.stdin.resume().on('end', () => process.exit(1));
process.on('SIGTERM', () => void humdrum.stop(300).then(() => process.exit(0)));
await humdrum.start().catch(giveUp);

function giveUp(error: unknown): never {
  console.log(JSON.stringify({ event: 'gave-up', error: String(error) }));
  // Everything that a server does while it goes and comes has a code; a defect of ours is a plain error.
  const known = error instanceof HumdrumError || (error instanceof Error && 'code' in error);
  process.exit(known || /terminated|timeout/i.test(String(error)) ? NO_SERVER : 1);
}
