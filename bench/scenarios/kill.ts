import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nowMs, sleep } from '../clock.ts';
import { produce } from '../drain.ts';
import { payloads } from '../payload.ts';
import type { Scale, Scenario } from '../scenario.ts';
import type { Watch } from '../system.ts';

/** Few enough for the slowest system to finish in time, and enough for both workers: one peer takes 1,000 per batch. */
const jobsOf = ({ jobs, quick }: Scale): number => (quick ? jobs * 10 : Math.ceil(jobs / 5));
/** Long enough for BullMQ, which checks for stalled jobs every 30 s and treats a job as stalled at the second check. */
const withinMs = ({ quick }: Scale): number => (quick ? 1_000 : 90_000);

export const scenario: Scenario = {
  title: 'kill -9 of a worker',
  what: (scale) =>
    `${jobsOf(scale).toLocaleString('en')} jobs and two worker processes, one of which is killed when it has run a tenth of them. Leases, locks and what else decides about the rescue are at their defaults. From the kill until every job has completed, or ${withinMs(scale) / 1_000} s.`,
  metrics: {
    seconds: { label: 's until all have completed', better: 'less', digits: 1 },
    stuck: { label: 'jobs stuck', better: 'less' },
    again: { label: 'jobs run twice so far', better: 'less' },
  },
  settings: 'best',
  async measure(bench) {
    const jobs = jobsOf(bench.scale);
    const place = await bench.fresh();
    const folder = await mkdtemp(join(tmpdir(), 'humdrum-bench-'));
    try {
      const journal = join(folder, 'runs');
      const milestone = Math.ceil(jobs / 10);
      const doomed = await bench.worker(place, { jobs, journal, milestone });
      const other = await bench.worker(place, { jobs, journal });
      await produce(bench, place, (producer) => producer.enqueueMany(payloads(jobs)));
      await Promise.all([doomed.go(), other.go()]);
      if ((await doomed.milestone(bench.scale.quick ? 10_000 : 120_000)) === null) {
        throw new Error('The worker to be killed did not get its share of the jobs.');
      }
      await doomed.kill();
      const watch = await bench.system.watch(place);
      const { tookMs, stuck } = await rescued(watch, withinMs(bench.scale));
      await watch.close();
      const again = await repeatsIn(journal);
      return stuck === 0
        ? { values: { seconds: tookMs / 1_000, stuck, again } }
        : {
            values: { stuck, again },
            note: `${stuck} still stuck after ${Math.round(tookMs / 1_000)} s`,
          };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function rescued(watch: Watch, limitMs: number): Promise<{ tookMs: number; stuck: number }> {
  const startMs = nowMs();
  for (;;) {
    const stuck = await watch.open();
    const tookMs = nowMs() - startMs;
    if (stuck === 0 || tookMs > limitMs) return { tookMs, stuck };
    await sleep(50);
  }
}

/** Number of jobs whose handler ran more than once. */
async function repeatsIn(journal: string): Promise<number> {
  const ids = (await readFile(journal, 'utf8')).trim().split('\n');
  const seen = new Set<string>();
  const again = new Set<string>();
  for (const id of ids) (seen.has(id) ? again : seen).add(id);
  return again.size;
}
