import { nowMs, sleep } from '../clock.ts';
import { numberFrom, onPostgres } from '../databases.ts';
import { produce } from '../drain.ts';
import { payloads } from '../payload.ts';
import type { Bench, Scale, Scenario } from '../scenario.ts';
import type { Place } from '../system.ts';

const DAY_MS = 86_400_000;
const PIECE = 20_000;
const WITHIN_MS = 120_000;
const drainedOf = ({ jobs }: Scale): number => Math.ceil(jobs / 2);
const backlogOf = ({ jobs }: Scale): number => jobs * 10;

export const scenario: Scenario = {
  title: 'Drain beside a backlog',
  what: (scale) =>
    `How fast a worker process runs ${drainedOf(scale).toLocaleString('en')} jobs where nothing else is there; where ${backlogOf(scale).toLocaleString('en')} others are queued behind them; and where so many are due tomorrow.`,
  metrics: {
    queued: { label: 'among queued, jobs/s', better: 'more' },
    future: { label: 'beside future ones, jobs/s', better: 'more' },
    empty: { label: 'alone, jobs/s', better: 'more' },
  },
  settings: 'best',
  onDemand: true,
  async measure(bench) {
    return {
      values: {
        empty: await rateBeside(bench, 0),
        queued: await rateBeside(bench, backlogOf(bench.scale)),
        future: await rateBeside(bench, backlogOf(bench.scale), new Date(Date.now() + DAY_MS)),
      },
    };
  },
};

async function rateBeside(bench: Bench, others: number, at?: Date): Promise<number> {
  const milestone = drainedOf(bench.scale);
  const jobs = milestone + others;
  const place = await bench.fresh();
  const worker = await bench.worker(place, { jobs, milestone });
  await produce(bench, place, async (producer) => {
    await producer.enqueueMany(payloads(milestone));
    for (let from = milestone; from < jobs; from += PIECE) {
      await producer.enqueueMany(payloads(Math.min(PIECE, jobs - from), from), at);
    }
  });
  await quiet(place);
  const startMs = nowMs();
  await worker.go();
  const endMs = (await worker.milestone(WITHIN_MS)) ?? nowMs();
  const tally = await worker.tally();
  await worker.stop();
  return Math.min(milestone, tally.jobs) / ((endMs - startMs) / 1_000);
}

/** Waits until the background work caused by so many rows has finished, as far as it has started. */
async function quiet({ postgres }: Place): Promise<void> {
  await onPostgres(postgres, async (query) => {
    await query('checkpoint').catch(() => undefined);
    const untilMs = nowMs() + WITHIN_MS;
    while (nowMs() < untilMs && (await numberFrom(query, AT_VACUUM)) > 0) await sleep(100);
  });
}

const AT_VACUUM = `
select count(*) from pg_stat_activity where backend_type = 'autovacuum worker' and datname = current_database()`;
